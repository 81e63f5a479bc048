-- one row per series, step and day ahead: expected, with its band
with

choices as (

    select * from {{ ref('int_forecast_choices') }}
    where step between 0 and 4

),

quantiles as (

    select * from {{ ref('int_forecast_quantiles') }}

),

expected as (

    select
        series.metric,
        choices.series_id,
        choices.weeks_ago,
        choices.step,
        choices.model,
        scales.scale,
        forecasts.horizon_days,
        forecasts.horizon_week,
        forecasts.value

    from choices
    inner join {{ ref('int_forecast_series') }} as series
        on choices.series_id = series.series_id
    inner join {{ ref('int_forecast_scales') }} as scales
        on
            choices.series_id = scales.series_id
            and choices.weeks_ago = scales.weeks_ago
    inner join {{ ref('int_forecasts') }} as forecasts
        on
            choices.series_id = forecasts.series_id
            and choices.model = forecasts.model
            and choices.weeks_ago = forecasts.weeks_ago

),

-- A series that repeats itself needs no bounds.
bounded as (

    select
        expected.*,
        case when expected.scale = 0 then 0 else quantiles.lowest end
            as lowest,
        case when expected.scale = 0 then 0 else quantiles.highest end
            as highest

    from expected
    left join quantiles
        on
            expected.step = quantiles.step
            and expected.metric = quantiles.metric
            and expected.model = quantiles.model
            and expected.horizon_week = quantiles.horizon_week

),

final as (

    select
        *,
        greatest(0, least(value, value + scale * lowest)) as lower,
        greatest(value, value + scale * highest) as upper

    from bounded
    where lowest is not null and highest is not null

)

select * from final
