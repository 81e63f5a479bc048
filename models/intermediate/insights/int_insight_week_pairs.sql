-- one row per campaign, week and week up to it: what a look back then sees
with

rates as (

    select
        platform,
        account_id,
        campaign_id,
        week_start,
        cast(impressions as double) as impressions,
        cast(clicks as double) as clicks,
        cast(cost as double) as cost,
        cast(conversions as double) as conversions,
        {{ safe_divide('conversions', 'cost') }} as rate

    from {{ ref('int_insight_weeks') }}
    where cost > 0

),

-- How far the rate jumps from week to week; a step or a drift is no noise.
weeks as (

    select
        *,
        power(rate - lag(rate) over campaign, 2)
        / (1 / cost + 1 / lag(cost) over campaign) as jump

    from rates
    window campaign as (
        partition by platform, account_id, campaign_id order by week_start
    )

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
            as days_ago,
        weeks.impressions,
        weeks.clicks,
        weeks.cost,
        weeks.conversions,
        weeks.jump

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

)

select * from final
