-- Which campaigns moved the cost of the last 28 days the most, against the 28
-- days before? Days that were not read make a campaign uncertain.
with

campaigns as (

    select * from {{ ref('fct_campaign_daily') }}

),

latest as (

    select
        platform,
        max(date_day) as last_day

    from campaigns
    group by platform

),

dated as (

    select
        campaigns.*,
        {{ days_between('campaigns.date_day', 'latest.last_day') }}
            as age

    from campaigns
    inner join latest on campaigns.platform = latest.platform

),

compared as (

    select
        platform,
        account_id,
        campaign_id,
        max(campaign_name) as campaign_name,
        sum(case when age < 28 then cost else 0 end) as cost_now,
        sum(case when age >= 28 then cost else 0 end) as cost_before,
        min(case when is_complete then 1 else 0 end) = 1 as is_complete

    from dated
    where age < 56
    group by platform, account_id, campaign_id

),

final as (

    select
        *,
        cost_now - cost_before as cost_change

    from compared
    order by abs(cost_now - cost_before) desc nulls last
    limit 20

)

select * from final
