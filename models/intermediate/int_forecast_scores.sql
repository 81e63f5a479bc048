-- one row per series, earlier origin and day ahead: error in units of the usual
with

choices as (

    select * from {{ ref('int_forecast_choices') }}

),

series as (

    select * from {{ ref('int_forecast_series') }}

),

residuals as (

    select * from {{ ref('int_forecast_residuals') }}

),

final as (

    select
        series.metric,
        residuals.series_id,
        residuals.weeks_ago,
        residuals.horizon_days,
        residuals.horizon_week,
        residuals.known_weeks_ago - series.blind_weeks as known_steps_ago,
        residuals.actual,
        residuals.error,
        -residuals.error / nullif(choices.scale, 0) as score

    from residuals
    inner join choices
        on
            residuals.series_id = choices.series_id
            and residuals.weeks_ago = choices.weeks_ago
            and residuals.model = choices.model
    inner join series on residuals.series_id = series.series_id

)

select * from final
