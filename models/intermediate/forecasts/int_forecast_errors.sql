-- one row per series, model, earlier origin and week ahead: sums of its errors
{% set sums = {
    'squared_error': 'residual * residual',
    'actual': 'actual',
} %}

with

residuals as (

    select * from {{ ref('int_forecast_residuals') }}

),

-- Sums of decimals are the same in any order.
final as (

    select
        series_id,
        model,
        weeks_ago,
        horizon_week,
        known_weeks_ago,
        {% for name, value in sums.items() %}
        sum(cast({{ value }} as decimal(38, 9))) as {{ name }},
        {% endfor %}
        count(*) as days

    from residuals
    group by series_id, model, weeks_ago, horizon_week, known_weeks_ago

)

select * from final
