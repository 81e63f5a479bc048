-- one row per series, step and day ahead: expected, with its band
with

choices as (

    select * from {{ ref('int_forecast_choices') }}

),

series as (

    select * from {{ ref('int_forecast_series') }}

),

quantiles as (

    select * from {{ ref('int_forecast_quantiles') }}

),

expected as (

    select
        series.metric,
        choices.series_id,
        choices.weeks_ago,
        case
            when choices.weeks_ago > 0
                then choices.weeks_ago - series.blind_weeks
            else 0
        end as step,
        choices.model,
        choices.scale,
        forecasts.horizon_days,
        cast(ceiling(forecasts.horizon_days / 7.0) as integer)
            as horizon_week,
        forecasts.value

    from choices
    inner join series on choices.series_id = series.series_id
    inner join {{ ref('int_forecasts') }} as forecasts
        on
            choices.series_id = forecasts.series_id
            and choices.model = forecasts.model
            and choices.weeks_ago = forecasts.weeks_ago

),

final as (

    select
        expected.*,
        greatest(0, least(expected.value, expected.value + coalesce(
            expected.scale * coalesce(weekly.lowest, overall.lowest), 0
        ))) as lower,
        greatest(expected.value, expected.value + coalesce(
            expected.scale * coalesce(weekly.highest, overall.highest), 0
        )) as upper

    from expected
    -- Few errors do not tell one week ahead from another.
    left join quantiles as weekly
        on
            expected.metric = weekly.metric
            and expected.step = weekly.step
            and expected.horizon_week = weekly.horizon_week
            and weekly.scored >= 100
    left join quantiles as overall
        on
            expected.metric = overall.metric
            and expected.step = overall.step
            and overall.horizon_week is null
    where
        expected.weeks_ago = 0
        or expected.step between 1 and 4

)

select * from final
