{#- What change_drivers splits: metrics as products of rates, and their sides. -#}

{#- Numerator, and for a ratio denominator, of each metric that is explained. -#}
{% macro explained_metrics() -%}
    {% do return({
        'cost': ['cost'],
        'conversions': ['conversions'],
        'conversion_value': ['conversion_value'],
        'cpa': ['cost', 'conversions'],
        'roas': ['conversion_value', 'cost'],
    }) %}
{%- endmacro %}


{#- A measure is impressions times these rates: name, numerator, denominator. -#}
{% macro rates_of(measure) -%}
    {%- set clicks = [
        ['ctr', 'clicks', 'impressions'], ['cvr', 'conversions', 'clicks'],
    ] -%}
    {% do return({
        'cost': [['cpm', 'cost', 'impressions']],
        'conversions': clicks,
        'conversion_value': clicks + [
            ['value_per_conversion', 'conversion_value', 'conversions'],
        ],
    }[measure]) %}
{%- endmacro %}


{% macro driver_rates() -%}
    {% do return(['cpm', 'ctr', 'cvr', 'value_per_conversion']) %}
{%- endmacro %}


{#- Which parts can be split: there before and now, every figure known, and no
    rate infinite. -#}
{% macro is_chained(measures) -%}
    presence = 'both'
    and knows_impressions and impressions > 0 and previous_impressions > 0
    {%- for measure in measures %}
    {%- for _, numerator, denominator in rates_of(measure) %}
    and knows_{{ numerator }} and knows_{{ denominator }}
    {%- for prefix in ['', 'previous_'] %}
    and (
        {{ prefix }}{{ denominator }} != 0 or {{ prefix }}{{ numerator }} = 0
    )
    {%- endfor %}
    {%- endfor %}
    {%- endfor %}
{%- endmacro %}


{#- One row per whole, part, metric and side of it (numerator or denominator). -#}
{% macro metric_sides(relation, keys) -%}
    {%- set sides, rates = [], {} %}
    {%- for metric, of_metric in explained_metrics().items() %}
    {%- for measure in of_metric %}
    {%- do sides.append(
        "('" ~ metric ~ "', '" ~ measure ~ "', "
        ~ (of_metric | length > 1) ~ ', ' ~ loop.first ~ ')'
    ) %}
    {%- for rate, numerator, denominator in rates_of(measure) %}
    {%- do rates.update({rate: {
        'of': rates.get(rate, {}).get('of', []) + [measure],
        '': safe_divide(numerator, denominator),
        'previous_': safe_divide(
            'previous_' ~ numerator, 'previous_' ~ denominator
        ),
    }}) %}
    {%- endfor %}
    {%- endfor %}
    {%- endfor %}
    select
        {{ keys }},
        sides.metric,
        sides.is_ratio,
        sides.is_numerator,
        presence,
        coalesce(case sides.metric
            {%- for metric, of_metric in explained_metrics().items() %}
            when '{{ metric }}' then {{ is_chained(of_metric) }}
            {%- endfor %}
        end, false) as is_chained,
        {%- for prefix, other in {'': 'previous_', 'previous_': ''}.items() %}
        case sides.measure
            {%- for measure in measures() if rates_of(measure) %}
            when '{{ measure }}'
                then cast({{ prefix }}{{ measure }} as decimal(38, 9))
            {%- endfor %}
        end as {{ prefix }}amount,
        cast({{ prefix }}impressions as double) as {{ prefix }}impressions
        {%- for rate, texts in rates.items() %},
        {#- Without clicks there is no rate to have changed. #}
        case
            when sides.measure in ('{{ texts['of'] | unique | join("', '") }}')
                then coalesce({{ texts[prefix] }}, {{ texts[other] }}, 0)
            else 1
        end as {{ prefix }}{{ rate }}
        {%- endfor %}
        {{- "," if not loop.last }}
        {%- endfor %}

    from {{ relation }}
    cross join (
        values
        {{ sides | join(',\n        ') }}
    ) as sides (metric, measure, is_ratio, is_numerator)
    where
        case sides.metric
            {%- for metric, of_metric in explained_metrics().items() %}
            when '{{ metric }}'
                then coalesce(
                    {{ of_metric | join(', ') }},
                    previous_{{ of_metric | join(', previous_') }}
                ) is not null
            {%- endfor %}
        end
{%- endmacro %}
