-- one row per series, model, earlier origin and day ahead: error in usual ones
with

residuals as (

    select * from {{ ref('int_forecast_residuals') }}

),

series as (

    select * from {{ ref('int_forecast_series') }}

),

scales as (

    select * from {{ ref('int_forecast_scales') }}
    where scale > 0

),

final as (

    select
        series.metric,
        residuals.model,
        residuals.horizon_week,
        residuals.known_weeks_ago - series.blind_weeks as known_steps_ago,
        -residuals.residual / scales.scale as score

    from residuals
    inner join series on residuals.series_id = series.series_id
    inner join scales
        on
            residuals.series_id = scales.series_id
            and residuals.weeks_ago = scales.weeks_ago

)

select * from final
