-- one row per campaign that still delivers on its account's last complete day
with

days as (

    select * from {{ ref('int_campaign_days') }}

),

origins as (

    select
        platform,
        account_id,
        max(date_day) as forecast_origin

    from {{ ref('int_coverage_by_day') }}
    where level = 'campaign' and grain = 'day' and is_complete
    group by platform, account_id

),

delivery as (

    select
        days.platform,
        days.account_id,
        days.campaign_id,
        days.date_day,
        origins.forecast_origin,
        case
            when days.impressions > 0 or days.clicks > 0 or days.cost > 0
                then 1
            else 0
        end as delivers

    from days
    inner join origins
        on
            days.platform = origins.platform
            and days.account_id = origins.account_id
            and days.date_day <= origins.forecast_origin
    where days.is_covered

),

known as (

    select
        *,
        max(case when delivers = 1 then date_day end) over (
            partition by platform, account_id, campaign_id
        ) as last_delivery

    from delivery

),

usual as (

    select
        platform,
        account_id,
        campaign_id,
        forecast_origin,
        {{ days_between('last_delivery', 'forecast_origin') }} as silent_days,
        {{ safe_divide('sum(delivers)', 'count(*)') }} as delivering_share

    from known
    where
        date_day <= last_delivery
        and {{ days_between('date_day', 'last_delivery') }} < 28
    group by
        platform, account_id, campaign_id, forecast_origin, last_delivery

),

-- A silence that is unlikely (1 in 20) at the usual share of days has ended it.
final as (

    select * from usual
    where
        silent_days <= {{ var('silent_days') }}
        and power(1 - delivering_share, silent_days) > 0.05

)

select * from final
