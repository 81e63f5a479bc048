-- one row per series, earlier origin and day ahead: error in usual ones
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
        residuals.horizon_week,
        residuals.known_weeks_ago - series.blind_weeks as known_steps_ago,
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
