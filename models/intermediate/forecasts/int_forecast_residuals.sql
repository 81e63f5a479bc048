-- one row per series, model, earlier origin and day ahead that is known by now
with

forecasts as (

    select * from {{ ref('int_forecasts') }}

),

series as (

    select * from {{ ref('int_forecast_series') }}

),

days as (

    select * from {{ ref('int_forecast_days') }}
    where value is not null

),

placed as (

    select
        forecasts.*,
        {{ days_between('series.first_day', 'series.forecast_origin') }}
        - 7 * forecasts.weeks_ago + forecasts.horizon_days as day_number,
        -- The week before which the whole week ahead was known.
        forecasts.weeks_ago - series.blind_weeks - forecasts.horizon_week
            as known_weeks_ago

    from forecasts
    inner join series on forecasts.series_id = series.series_id
    where forecasts.weeks_ago > 0

),

final as (

    select
        placed.series_id,
        placed.model,
        placed.weeks_ago,
        placed.horizon_days,
        placed.horizon_week,
        placed.known_weeks_ago,
        days.value as actual,
        placed.value - days.value as residual

    from placed
    inner join days
        on
            placed.series_id = days.series_id
            and placed.day_number = days.day_number
    where placed.known_weeks_ago >= 0

)

select * from final
