-- one row per series and origin: how far its days are from those a week before
with

days as (

    select * from {{ ref('int_forecast_days') }}
    where value is not null

),

changes as (

    select
        days.series_id,
        days.day_number,
        cast(abs(days.value - before.value) as decimal(38, 9)) as move

    from days
    inner join days as before
        on
            days.series_id = before.series_id
            and days.day_number = before.day_number + 7

),

origins as (

    select distinct
        forecasts.series_id,
        forecasts.weeks_ago,
        {{ days_between('series.first_day', 'series.trained_until') }}
        - 7 * forecasts.weeks_ago as last_day_number

    from {{ ref('int_forecasts') }} as forecasts
    inner join {{ ref('int_forecast_series') }} as series
        on forecasts.series_id = series.series_id

),

-- Eight weeks, as far as they were known.
final as (

    select
        origins.series_id,
        origins.weeks_ago,
        {{ safe_divide('sum(changes.move)', 'count(*)') }} as scale

    from origins
    inner join changes
        on
            origins.series_id = changes.series_id
            and changes.day_number between origins.last_day_number - 55
            and origins.last_day_number
    group by origins.series_id, origins.weeks_ago

)

select * from final
