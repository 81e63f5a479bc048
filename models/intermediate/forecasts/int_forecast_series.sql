-- one row per campaign and metric with days enough for a forecast
with

known as (

    select
        platform,
        account_id,
        campaign_id,
        metric,
        forecast_origin,
        min(date_day) as first_day,
        max(date_day) as trained_until,
        count(*) as trained_days

    from {{ ref('int_forecast_values') }}
    where value is not null
    group by platform, account_id, campaign_id, metric, forecast_origin

),

blind as (

    select
        *,
        {{ days_between('trained_until', 'forecast_origin') }}
            as blind_days

    from known

),

-- Four weeks to learn from and two to be tested on, at least.
final as (

    select
        *,
        cast(ceiling(blind_days / 7e0) as integer) as blind_weeks,
        row_number() over (
            order by platform, account_id, campaign_id, metric
        ) as series_id

    from blind
    where trained_days >= 42 and blind_days <= 42

)

select * from final
