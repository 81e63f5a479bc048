-- one row per series, day and metric with a baseline: what its past suggests
{% set kinds = ['count', 'spend', 'price', 'rate'] %}
with

scores as (

    {% for kind in kinds %}
    select
        {{ series_key() | join(', ') }},
        date_day,
        '{{ kind }}' as kind,
        expected,
        lower,
        upper,
        z_score,
        anomaly_kind,
        verdict

    from {{ ref('int_scores_' ~ kind) }}
    where expected is not null
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

counted as (

    select
        *,
        sum(case when verdict = 'judged' then 1 else 0 end)
            over (partition by date_day) as judged_on_day

    from scores

),

final as (

    select
        *,
        {{ day_threshold('judged_on_day') }} as threshold

    from counted

)

select * from final
