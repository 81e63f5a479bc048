-- one row per step, metric and week ahead (null: all of them): bounds of errors
{% set tail = '(1 - ' ~ var('interval_level') ~ ') / 2' %}

with

scores as (

    select * from {{ ref('int_forecast_scores') }}
    where score is not null

),

-- From now (step 0), and from the last four origins whose days are over.
seen as (

    {% for step in range(5) %}
    select
        {{ step }} as step,
        metric,
        horizon_week,
        score

    from scores
    {% if step %}where known_steps_ago >= {{ step }}{% endif %}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

of_which as (

    select * from seen
    union all
    select
        step,
        metric,
        null as horizon_week,
        score

    from seen

),

ranked as (

    select
        *,
        count(*) over (partition by step, metric, horizon_week) as scored,
        row_number() over (
            partition by step, metric, horizon_week order by score
        ) as place

    from of_which

),

-- A new error lies below the k-th of n errors k times in n + 1.
final as (

    select
        step,
        metric,
        horizon_week,
        scored,
        max(case when place <= {{ tail }} * (scored + 1) then score end)
            as lowest,
        min(case when place >= (1 - {{ tail }}) * (scored + 1) then score end)
            as highest

    from ranked
    group by step, metric, horizon_week, scored

)

select * from final
