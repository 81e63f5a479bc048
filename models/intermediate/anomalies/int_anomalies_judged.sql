-- one row per series, day and metric with a baseline: the verdict on it
{% set trailing = '(partition by ' ~ series_key() | join(', ')
    ~ ' order by date_day rows between 28 preceding and 1 preceding)' %}
with

scores as (

    select * from {{ ref('int_anomaly_bounds') }}

),

-- Of what is still to arrive the least and the most are allowed for.
bounds as (

    select
        {{ series_key() | join(', ') }},
        date_day,
        value,
        cost,
        is_mature,
        expected * share as expected,
        case
            when lower < 0 and {{ is_never_negative() }} then 0
            else lower * share_low
        end as lower,
        upper * share_high as upper,
        z_score,
        threshold,
        anomaly_kind as kind_of_rule,
        verdict,
        sum(case when value is not null then cost end) over {{ trailing }}
        / nullif(
            sum(case when cost is not null then value end) over {{ trailing }},
            0
        ) as cost_per_unit

    from scores

),

flagged as (

    select
        *,
        -- A ratio repeats itself only where its parts do.
        case
            when
                kind_of_rule = 'flatline'
                and metric not in ('cpc', 'cpm', 'roas', 'aov')
                then kind_of_rule
            when kind_of_rule = 'spike' and value > upper then kind_of_rule
            when kind_of_rule = 'drop' and value < lower then kind_of_rule
        end as anomaly_kind

    from bounds

),

final as (

    select
        *,
        anomaly_kind is not null as is_anomaly,
        {{ smallest_visible_change() }} as smallest_visible_change,
        {{ estimated_money(money_at_stake()) }} as money_at_stake

    from flagged

)

select * from final
