{% macro measures() -%}
    {% do return([
        'impressions', 'clicks', 'cost', 'conversions', 'conversion_value',
    ]) %}
{%- endmacro %}


{% macro counts() -%}
    {% do return(['impressions', 'clicks']) %}
{%- endmacro %}


{% macro sum_measures(columns=none) -%}
    {%- for column in columns or measures() %}
    cast(sum({{ column }}) as
        {%- if column in counts() %} bigint{% else %} decimal(38, 9)
        {%- endif %}) as {{ column }}{{ "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{% macro has_delivery(relation) -%}
    (
            {%- for measure in measures() %}
            {{ 'or ' if not loop.first }}{{ relation }}.{{ measure }} != 0
            {%- endfor %}
        )
{%- endmacro %}


{% macro ratios() -%}
    {{ safe_divide('clicks', 'impressions') }} as ctr,
    {{ safe_divide('cost', 'clicks') }} as cpc,
    1000 * {{ safe_divide('cost', 'impressions') }} as cpm,
    {{ safe_divide('conversions', 'clicks') }} as cvr,
    {{ safe_divide('cost', 'conversions') }} as cpa,
    {{ safe_divide('conversion_value', 'cost') }} as roas,
    {{ safe_divide('conversion_value', 'conversions') }} as aov
{%- endmacro %}


{% macro safe_divide(numerator, denominator) -%}
    cast({{ numerator }} as double)
    / nullif(cast({{ denominator }} as double), 0)
{%- endmacro %}
