-- one row per campaign, week and week up to it: what a look back then sees
with

weeks as (

    select * from {{ ref('int_insight_weeks') }}

),

reach as (

    select max(days) as days from {{ ref('insight_rules') }}

),

final as (

    select
        seen_from.platform,
        seen_from.account_id,
        seen_from.campaign_id,
        seen_from.week_start as as_of_week,
        {{ days_between('weeks.week_start', 'seen_from.week_start') }}
            as age_days,
        cast(weeks.impressions as double) as impressions,
        cast(weeks.clicks as double) as clicks,
        cast(weeks.cost as double) as cost,
        cast(weeks.conversions as double) as conversions

    from weeks as seen_from
    inner join weeks
        on
            seen_from.platform = weeks.platform
            and seen_from.account_id = weeks.account_id
            and seen_from.campaign_id = weeks.campaign_id
            and seen_from.week_start >= weeks.week_start
    cross join reach
    where
        {{ days_between('weeks.week_start', 'seen_from.week_start') }}
        < reach.days
        and weeks.cost > 0

)

select * from final
