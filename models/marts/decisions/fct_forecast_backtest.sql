-- one row per metric, model (used: the chosen one) and week ahead
with

-- Each as it was chosen and banded at an origin before the days it is held to.
bands as (

    select * from {{ ref('int_forecast_bands') }}
    where weeks_ago > 0

),

residuals as (

    select * from {{ ref('int_forecast_residuals') }}

),

tested as (

    select
        bands.metric,
        residuals.model,
        bands.model = residuals.model as is_used,
        residuals.horizon_week,
        cast(residuals.actual as decimal(38, 9)) as actual,
        cast(residuals.residual as decimal(38, 9)) as residual,
        cast(residuals.actual between bands.lower and bands.upper as integer)
            as is_inside

    from bands
    inner join residuals
        on
            bands.series_id = residuals.series_id
            and bands.weeks_ago = residuals.weeks_ago
            and bands.horizon_days = residuals.horizon_days

),

of_each as (

    select * from tested
    union all
    select
        metric,
        'used' as model,
        is_used,
        horizon_week,
        actual,
        residual,
        is_inside

    from tested
    where is_used

),

final as (

    select
        metric,
        model,
        cast(horizon_week as bigint) as horizon_week,
        count(*) as days,
        {{ safe_divide('sum(abs(residual))', 'sum(actual)') }} as error,
        {{ safe_divide('sum(residual)', 'sum(actual)') }} as bias,
        case when model = 'used' then {{ safe_divide(
            'sum(is_inside)', 'count(*)',
        ) }} end as interval_coverage,
        case
            when model = 'used'
                then cast({{ var('interval_level') }} as double)
        end as interval_level

    from of_each
    group by metric, model, horizon_week

)

select * from final
