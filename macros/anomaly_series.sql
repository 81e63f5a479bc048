{#- What anomalies are looked for in: series, their days, their rules. -#}

{% macro whole() -%}
    __all__
{%- endmacro %}


{% macro series_key() -%}
    {% do return(['level', 'platform', 'account_id', 'campaign_id', 'metric']) %}
{%- endmacro %}


{% macro scored_series(kind) -%}
with

figures as (

    select
        {{ series_key() | join(', ') }},
        date_day,
        figure,
        denominator

    from {{ ref('int_series_figures') }}
    where kind = '{{ kind }}'

),

final as (

    {% if kind == 'rate' %}
    {{ rate_anomaly_scores(
        'figures', series_key(), 'date_day', 'figure', 'denominator',
        ref('int_known_events')
    ) }}
    {% else %}
    {{ anomaly_scores(
        'figures', series_key(), 'date_day', 'figure', kind, 'day_of_week',
        ref('int_known_events')
    ) }}
    {% endif %}

)

select * from final
{%- endmacro %}


{#- Refunds may exceed what was sold. -#}
{% macro is_never_negative() -%}
    metric not in ('conversion_value', 'roas', 'aov')
{%- endmacro %}


{% macro smallest_visible_change() -%}
    case
        when
            lower is null
            or (lower <= 0 and {{ is_never_negative() }})
            or upper - expected < expected - lower
            then upper - expected
        else expected - lower
    end
{%- endmacro %}


{% macro money_at_stake() -%}
    {#- Spend: what went beside the plan. Else the spend that bought nothing. -#}
    case
        when anomaly_kind is null then null
        when metric = 'cost' then abs(value - expected)
        when metric in ('cpc', 'cpm', 'cpa')
            then
                case
                    when value > expected then cost - cost * expected / value
                    else 0
                end
        when value >= expected then 0
        when metric in ('ctr', 'cvr', 'roas', 'aov')
            then cost - cost * value / expected
        else (expected - value) * cost_per_unit
    end
{%- endmacro %}


{% macro at_least_half(flag) -%}
    case
        when sum({{ flag }}) >= 2 and 2 * sum({{ flag }}) >= count(*) then 1
        else 0
    end
{%- endmacro %}


{% macro level_of(relation) -%}
    case
        when {{ relation }}.account_id = '{{ whole() }}' then 'platform'
        when {{ relation }}.campaign_id = '{{ whole() }}' then 'account'
        else 'campaign'
    end
{%- endmacro %}


{#- Parts before wholes. -#}
{% macro level_rank(level) -%}
    case {{ level }}
        when 'campaign' then 1 when 'account' then 2 else 3
    end
{%- endmacro %}


{#- Of figures without incident, half of them of thin volume, 1 in 5,000 lies
    beyond 4 strays, of those 1 in e^1.5 beyond 5 (docs/scorecard.md). -#}
{% macro day_threshold(judged) -%}
    4 + case
        when {{ judged }} * 0.0002 > {{ var('false_alarms_per_day') }}
            then ln(
                {{ judged }} * 0.0002 / {{ var('false_alarms_per_day') }}
            ) / 1.5
        else 0
    end
{%- endmacro %}


{#- A bound of 4 strays moved out to the threshold, on the scale of its rule. -#}
{% macro widened(bound) -%}
    case
        when {{ bound }} is null or {{ bound }} = expected or threshold = 4
            then {{ bound }}
        when kind = 'price' and {{ bound }} > 0 and expected > 0
            then expected * power({{ bound }} / expected, threshold / 4)
        when kind = 'price' then {{ bound }}
        when kind = 'rate' then {{ moved_out(bound, '0.5') }}
        else {{ moved_out(bound, '2e0 / 3') }}
    end
{%- endmacro %}


{% macro moved_out(bound, power) -%}
    {%- set root -%}
    ((1 - threshold / 4) * {{ signed_power('expected', power) }}
    + threshold / 4 * {{ signed_power(bound, power) }})
    {%- endset -%}
    {{ signed_power(root, '1 / (' ~ power ~ ')') }}
{%- endmacro %}


{% macro signed_power(column, power) -%}
    sign({{ column }}) * power(abs({{ column }}), {{ power }})
{%- endmacro %}
