{% macro relative_error(squared_error, relation) -%}
    {{ safe_divide(
        'sqrt(' ~ squared_error ~ ' / ' ~ relation ~ '.tested_days)',
        relation ~ '.actual / ' ~ relation ~ '.tested_days',
    ) }}
{%- endmacro %}
