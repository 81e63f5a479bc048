{#- What the texts and words of a receipt mean. -#}

{% macro when_answered(column) -%}
    case when status in ('loaded', 'empty') then {{ column }} end
{%- endmacro %}


{% macro is_partial(detail='detail') -%}
    coalesce({{ detail }}, '') like 'partial: %'
{%- endmacro %}


{% macro too_old() -%}
    older than the platform keeps
{%- endmacro %}


{% macro any_row(flag, condition) -%}
    max(
            case
                when {{ flag }} and {{ condition }} then 1
                else 0
            end
        ) = 1
{%- endmacro %}
