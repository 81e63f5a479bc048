{#- What the rules of fct_insights share. -#}

{% macro insight_rule(rule) -%}
    select * from {{ ref('insight_rules') }}
    where rule = '{{ rule }}' and is_on
{%- endmacro %}


{% macro insights(
    relation, rule, evidence, entity=[],
    severity='(select severity from rule)'
) -%}
    {%- set ids = ['platform', 'account_id', 'campaign_id'] -%}
    {%- set texts = insight_texts()[rule] -%}
    select
        {{ text_hash(["'" ~ rule ~ "'"] + ids + entity + ['first_day']) }}
            as insight_id,
        date_day,
        first_day,
        {{ ids | join(', ') }},
        '{{ rule }}' as rule,
        {{ severity }} as severity,
        {% for column in insight_text_columns() %}
        {{ sentence(texts[column]) }} as {{ column }},
        {% endfor %}
        {{ estimated_money('impact_amount') }} as impact_amount,
        {{ row_as_json(evidence) }} as evidence

    from {{ relation }}
{%- endmacro %}


{% macro insight_text_columns() -%}
    {% do return([
        'title', 'explanation', 'recommendation', 'what_would_change_it',
    ]) %}
{%- endmacro %}


{% macro sentence(template) -%}
    {%- for piece in template.split('{') -%}
    {%- set place, _, text = ('}' ~ piece if loop.first else piece).partition('}') -%}
    {%- if place -%}
    {%- set column, _, kind = place.partition(':') -%}
    {{ " || " }}{{ shown(column, kind) }}{{ " || " if text }}
    {%- endif -%}
    {%- if text or loop.first -%}
    {{ text_literal(text) }}
    {%- endif -%}
    {%- endfor -%}
{%- endmacro %}


{% macro shown(column, kind) -%}
    {%- if column == 'period' -%}
    case when first_day = date_day then 'on ' else 'from ' end
    || cast(first_day as {{ dbt.type_string() }})
    || case
        when first_day = date_day then ''
        else ' to ' || cast(date_day as {{ dbt.type_string() }})
    end
    {%- elif kind == 'money' -%}
    {{ number_text(column, 2) }} || ' {{ var("reporting_currency") }}'
    {%- elif kind == 'amount' -%}
    {{ number_text(column, 2) }}
    {%- elif kind == 'percent' -%}
    {{ number_text('100 * ' ~ column, 0) }} || ' %'
    {%- elif kind == 'percent2' -%}
    {{ number_text('100 * ' ~ column, 2) }} || ' %'
    {%- elif kind == 'number' -%}
    {{ number_text(column, 0) }}
    {%- elif kind == 'decimal' -%}
    {{ number_text(column, 1) }}
    {%- else -%}
    cast({{ column }} as {{ dbt.type_string() }})
    {%- endif -%}
{%- endmacro %}


{% macro without_rate() -%}
    'no_exchange_rate', 'unknown_currency'
{%- endmacro %}


{% macro current_findings(relation) -%}
    {%- set campaign = 'partition by platform, account_id, campaign_id' -%}
    select *
    from (
        select
            *,
            min(case when is_found then as_of_week end)
                over ({{ campaign }}, run_number) as first_week,
            max(as_of_week) over ({{ campaign }}) as last_week

        from (
            select
                *,
                sum(case when is_found then 0 else 1 end) over (
                    {{ campaign }} order by as_of_week
                    rows between unbounded preceding and current row
                ) as run_number

            from {{ relation }}
        ) as numbered
    ) as since
    where is_found and as_of_week = last_week
{%- endmacro %}


{% macro without_copy_marks(column) -%}
    {%- set names = namespace(sql='lower(' ~ column ~ ')') -%}
    {%- for mark in [
        'copy of ', ' - copy', ' (copy)', ' copy', 'kopie von ', ' - kopie',
        ' (kopie)', ' kopie',
    ] -%}
    {%- set names.sql = 'replace(' ~ names.sql ~ ", '" ~ mark ~ "', '')" -%}
    {%- endfor -%}
    trim({{ names.sql }})
{%- endmacro %}


{% macro is_ended(status) -%}
    coalesce({{ status }}, 'unknown')
    in ('paused', 'removed', 'archived', 'deleted')
{%- endmacro %}


{% macro is_worth_telling() -%}
    coalesce(incidents.impact_amount, rule.min_cost) >= rule.min_cost
    and (incidents.figures >= rule.min_events or incidents.is_open)
{%- endmacro %}


{% macro severity_of_incident() -%}
    case
        when incidents.is_open then rule.severity
        when rule.severity = 'critical' then 'warning'
        else 'info'
    end
{%- endmacro %}


{% macro metric_words(metric) -%}
    case
        when {{ metric }} = 'cost' then 'spend'
        when {{ metric }} = 'aov' then 'average order value'
        when length({{ metric }}) <= 4 then upper({{ metric }})
        else replace({{ metric }}, '_', ' ')
    end
{%- endmacro %}


{% macro metric_text(metric, figure) -%}
    case
        when {{ metric }} in ('ctr', 'cvr')
            then {{ shown(figure, 'percent2') }}
        when {{ metric }} in ('cost', 'conversion_value', 'cpc', 'cpm', 'cpa', 'aov')
            then {{ shown(figure, 'money') }}
        when {{ metric }} = 'roas' then {{ number_text(figure, 2) }}
        else {{ shown(figure, 'number') }}
    end
{%- endmacro %}


{% macro incident_words() -%}
    {% do return(['cause_title', 'finding', 'remedy', 'doubt']) %}
{%- endmacro %}


{% macro incident_word(word) -%}
    case incidents.cause
        {%- for cause, words in incident_texts().items() %}
        when '{{ cause }}'
            then {{ text_literal(words[word]) }}
        {%- endfor %}
    end
{%- endmacro %}


{% macro log_change(numerator, denominator) -%}
    ln(
        case when recent.{{ numerator }} > 0 then recent.{{ numerator }} end
        / nullif(recent.{{ denominator }}, 0)
        / nullif(earlier.{{ numerator }}, 0)
        * case when earlier.{{ denominator }} > 0 then earlier.{{ denominator }} end
    )
{%- endmacro %}


{% macro insight_subject(column) -%}
    coalesce(
        subjects.{{ column }},
        'Source ' || insights.platform || case
            when insights.account_id = '{{ whole() }}' then ''
            else ', account ' || insights.account_id
        end
    )
{%- endmacro %}


{% macro sum_when(role, condition, figure) -%}
    sum(
        case when role = '{{ role }}' and {{ condition }} then {{ figure }}
            else 0
        end
    )
{%- endmacro %}
