-- one row per step, metric, model and week ahead: the bounds of scores
{% set tail = '(1 - ' ~ var('interval_level') ~ ') / 2' %}
{% set pool = 'step, metric, model, pooled_week' %}

with

-- From now (step 0), and from the last four origins whose days are over: each
-- week ahead, and (0) all of them.
seen as (

    {% for step in range(5) %}
    {% for week in ['horizon_week', '0'] %}
    select
        {{ step }} as step,
        metric,
        model,
        {{ week }} as pooled_week,
        score

    from {{ ref('int_forecast_scores') }}
    where {{ step }} = 0 or known_steps_ago >= {{ step }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

ranked as (

    select
        *,
        count(*) over (partition by {{ pool }}) as scored,
        row_number() over (partition by {{ pool }} order by score) as place

    from seen

),

-- A new score lies below the k-th of n scores k times in n + 1.
bounds as (

    select
        {{ pool }},
        scored,
        max(case when place <= {{ tail }} * (scored + 1) then score end)
            as lowest,
        min(case when place >= (1 - {{ tail }}) * (scored + 1) then score end)
            as highest

    from ranked
    group by {{ pool }}, scored

),

-- Few scores do not tell one week ahead from another: then all count.
final as (

    select
        overall.step,
        overall.metric,
        overall.model,
        weeks.horizon_week,
        coalesce(weekly.lowest, overall.lowest) as lowest,
        coalesce(weekly.highest, overall.highest) as highest

    from bounds as overall
    cross join (values (1), (2), (3), (4)) as weeks (horizon_week)
    left join bounds as weekly
        on
            overall.step = weekly.step
            and overall.metric = weekly.metric
            and overall.model = weekly.model
            and weeks.horizon_week = weekly.pooled_week
            and weekly.scored >= 100
    where overall.pooled_week = 0

)

select * from final
