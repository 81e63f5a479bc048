-- one row per campaign and its budget, as the platform lists them now
with

budgets as (

    select * from {{ source('raw_google_ads', 'budgets') }}

),

campaigns as (

    select * from {{ source('raw_google_ads', 'campaigns') }}

),

accounts as (

    select * from {{ source('raw_google_ads', 'accounts') }}

),

-- A total budget has an amount that is not read: only daily ones are known.
final as (

    select
        'google_ads' as platform,
        budgets.account_id,
        budgets.budget_id,
        campaigns.campaign_id,
        'daily' as kind,
        {{ from_micros('budgets.amount_micros') }} as amount,
        accounts.currency,
        lower(campaigns.status) = 'enabled' as is_active,
        cast(null as date) as first_day,
        cast(null as date) as last_day

    from budgets
    inner join campaigns
        on
            budgets.account_id = campaigns.account_id
            and campaigns.budget = 'customers/' || budgets.account_id
            || '/campaignBudgets/' || budgets.budget_id
    inner join accounts on budgets.account_id = accounts.account_id
    where coalesce(budgets.period, 'DAILY') = 'DAILY'

)

select * from final
