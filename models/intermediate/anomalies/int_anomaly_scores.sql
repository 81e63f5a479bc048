-- one row per series, day and metric with a baseline: found and expected
{% set kinds = ['count', 'spend', 'price', 'rate'] %}
with

figures as (

    select * from {{ ref('int_series_figures') }}

),

scores as (

    {% for kind in kinds %}
    select
        {{ series_key() | join(', ') }},
        date_day,
        expected,
        lower,
        upper,
        z_score,
        anomaly_kind,
        verdict

    from {{ ref('int_scores_' ~ kind) }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

-- The count model judges conversions for the money: CPA is its inverse.
turned as (

    select
        {{ series_key() | join(', ') }},
        date_day,
        1 / nullif(expected, 0) as expected,
        1 / nullif(upper, 0) as lower,
        1 / nullif(lower, 0) as upper,
        -z_score as z_score,
        case anomaly_kind
            when 'spike' then 'drop' when 'drop' then 'spike'
        end as anomaly_kind,
        verdict

    from scores
    where metric = 'cpa'
    union all
    select * from scores
    where metric != 'cpa'

),

final as (

    select
        turned.*,
        figures.value,
        figures.cost,
        figures.is_mature,
        figures.share,
        figures.share_low,
        figures.share_high

    from turned
    inner join figures
        on
            {% for key in series_key() + ['date_day'] %}
            {{ 'and ' if not loop.first }}turned.{{ key }} = figures.{{ key }}
            {% endfor %}
    where turned.expected is not null

)

select * from final
