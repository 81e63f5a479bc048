-- one row per campaign that still delivers on its account's last complete day
with

days as (

    select
        *,
        case when impressions > 0 or clicks > 0 or cost > 0 then date_day end
            as delivery_day

    from {{ ref('int_campaign_days') }}
    where is_covered

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

known as (

    select
        days.*,
        origins.forecast_origin,
        max(days.delivery_day) over (
            partition by days.platform, days.account_id, days.campaign_id
        ) as last_day

    from days
    inner join origins
        on
            days.platform = origins.platform
            and days.account_id = origins.account_id

),

-- The four weeks that end with its last delivery.
usual as (

    select
        platform,
        account_id,
        campaign_id,
        forecast_origin,
        {{ days_between('last_day', 'forecast_origin') }}
            as silent_days,
        {{ safe_divide('count(delivery_day)', 'count(*)') }}
            as delivering_share

    from known
    where
        {{ days_between('date_day', 'last_day') }}
        between 0 and 27
    group by platform, account_id, campaign_id, forecast_origin, last_day

),

-- A silence that is unlikely (1 in 20) at the usual share of days has ended it.
final as (

    select * from usual
    where
        silent_days <= {{ var('silent_days') }}
        and power(1 - delivering_share, silent_days) > 0.05

)

select * from final
