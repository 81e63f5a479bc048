-- one row per campaign and kind of budget, as the platform lists them now
with

budgets as (

    select * from {{ source('raw_facebook_ads', 'budgets') }}

),

campaigns as (

    select * from {{ source('raw_facebook_ads', 'campaigns') }}

),

ad_sets as (

    select * from {{ source('raw_facebook_ads', 'ad_groups') }}

),

accounts as (

    select * from {{ source('raw_facebook_ads', 'accounts') }}

),

joined as (

    select
        budgets.account_id,
        budgets.campaign_id,
        case when budgets.daily_budget > 0 then 'daily' else 'flight' end
            as kind,
        case
            when budgets.daily_budget > 0 then budgets.daily_budget
            else budgets.lifetime_budget
        end as minor_units,
        lower(coalesce(campaigns.effective_status, campaigns.status)) = 'active'
        and lower(coalesce(ad_sets.status, 'active')) = 'active' as is_active,
        cast(left(campaigns.start_time, 10) as date) as first_day,
        cast(left(campaigns.stop_time, 10) as date) as last_day

    from budgets
    inner join campaigns
        on
            budgets.account_id = campaigns.account_id
            and budgets.campaign_id = campaigns.campaign_id
    left join ad_sets
        on
            budgets.account_id = ad_sets.account_id
            and budgets.ad_group_id = ad_sets.ad_group_id

),

-- Budgets of ad sets add up to their campaign's.
final as (

    select
        'facebook_ads' as platform,
        joined.account_id,
        joined.campaign_id as budget_id,
        joined.campaign_id,
        joined.kind,
        {{ from_minor_units(
            'sum(case when joined.is_active then joined.minor_units else 0 end)',
            'max(accounts.currency)'
        ) }} as amount,
        max(accounts.currency) as currency,
        max(case when joined.is_active then 1 else 0 end) = 1 as is_active,
        max(joined.first_day) as first_day,
        max(joined.last_day) as last_day

    from joined
    inner join accounts on joined.account_id = accounts.account_id
    group by joined.account_id, joined.campaign_id, joined.kind

)

select * from final
