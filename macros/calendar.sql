{% macro day_names() -%}
    {% do return([
        'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday',
        'sunday',
    ]) %}
{%- endmacro %}


{% macro day_name(column) -%}
    case {{ column }}
        {%- for name in day_names() %}
        when {{ loop.index }} then '{{ name | capitalize }}'
        {%- endfor %}
    end
{%- endmacro %}


{% macro period_start(period, column) -%}
    {%- if period != 'week' -%}
    cast({{ dbt.date_trunc(period, column) }} as date)
    {%- else -%}
    {#- date_trunc knows weeks from Monday only: shift there and back. -#}
    {%- set shift = (7 - day_names().index(var('week_start'))) % 7 -%}
    {{ add_days(dbt.date_trunc('week', add_days(column, shift)), -shift) }}
    {%- endif -%}
{%- endmacro %}


{% macro period_end(period, column) -%}
    {%- if period == 'day' -%}
    {{ column }}
    {%- elif period == 'week' -%}
    {{ add_days(column, 6) }}
    {%- else -%}
    {{ last_day(column, period) }}
    {%- endif -%}
{%- endmacro %}


{% macro days_of_month(column) -%}
    1 + {{ days_between(
        period_start('month', column), period_end('month', column)
    ) }}
{%- endmacro %}


{% macro last_day_of_row() -%}
    case grain
        {%- for period in ['week', 'month'] %}
        when '{{ period }}' then {{ period_end(period, 'date_day') }}
        {%- endfor %}
        else date_day
    end
{%- endmacro %}
