{#- Segments of seeds/segments.yml in SQL, with the meaning that the API gives
    them: two-valued, so that null matches `is null` and negations only. -#}

{% macro segment(name, within=[]) -%}
    {%- if not execute -%}{%- do return('true') -%}{%- endif -%}
    {%- set known = reporting_meta().segments -%}
    {%- if name not in known -%}
        {%- do bad_segment(name, 'there is no such segment; there are '
            ~ known | join(', ')) -%}
    {%- elif name in within -%}
        {%- do bad_segment(name, 'it refers to itself') -%}
    {%- endif -%}
    {{ segment_condition(known[name].definition, within + [name]) }}
{%- endmacro %}


{% macro segment_condition(given, within) -%}
    {%- set joint = ['and', 'or'] | select('in', given) | first -%}
    {%- if 'name' in given -%}
        {{ segment(given.name, within) }}
    {%- elif joint -%}
        (
        {%- for part in given[joint] %}
        {{ segment_condition(part, within) }}
        {{- ' ' ~ joint if not loop.last }}
        {%- endfor %}
        )
    {%- elif 'not' in given -%}
        ({{ segment_condition(given['not'], within) }} is not true)
    {%- else -%}
        {{ segment_comparison(given, within[-1]) }}
    {%- endif -%}
{%- endmacro %}


{% macro segment_comparison(given, name) -%}
    {%- set negations = {'!=': '=', 'is not null': 'is null'} -%}
    {%- set operator = negations.get(
        given.operator, given.operator | replace('not ', '')
    ) -%}
    {%- set column = given.dimension -%}
    {%- if column not in segment_dimensions() -%}
        {%- do bad_segment(name, column ~ ' is no dimension; there are '
            ~ segment_dimensions() | join(', ')) -%}
    {%- endif -%}
    {%- set values = [] -%}
    {%- for value in given.get('values', []) -%}
        {%- do values.append(text_literal(value | string)) -%}
    {%- endfor -%}
    {%- set wanted = {'=': 1, 'between': 2, 'is null': 0} -%}
    {%- if values | length != wanted.get(operator, values | length)
        or (operator not in wanted and not values) -%}
        {%- do bad_segment(name, operator ~ ' does not take '
            ~ values | length ~ ' values') -%}
    {%- endif -%}
    ({{ '(' if operator != given.operator }}
    {%- if operator == 'is null' -%} {{ column }} is null
    {%- elif operator == '=' -%} {{ column }} = {{ values[0] }}
    {%- elif operator == 'in' -%} {{ column }} in ({{ values | join(', ') }})
    {%- elif operator == 'between' -%}
    {{ column }} between {{ values | join(' and ') }}
    {%- else -%}
        {%- for value in values -%}
    {{ text_comparison(column, operator, value, name) }}
    {{- ' or ' if not loop.last }}
        {%- endfor -%}
    {%- endif -%}
    {{ ') is not true' if operator != given.operator }})
{%- endmacro %}


{% macro text_comparison(column, operator, value, name) -%}
    {%- if operator == 'matches' -%}
    {{ text_matches(column, value) }}
    {%- elif operator == 'contains' -%}
    position(lower({{ value }}) in lower({{ column }})) > 0
    {%- elif operator in ('starts with', 'ends with') -%}
    {{ 'left' if operator == 'starts with' else 'right' -}}
    (lower({{ column }}), length(lower({{ value }}))) = lower({{ value }})
    {%- else -%}
        {%- do bad_segment(name, operator ~ ' is no operator') -%}
    {%- endif -%}
{%- endmacro %}


{% macro segment_dimensions() -%}
    {%- set found = [] -%}
    {%- for model in graph.get('semantic_models', {}).values() -%}
        {%- for dimension in model.dimensions
            if dimension.type == 'categorical'
            and dimension.name not in found -%}
            {%- do found.append(dimension.name) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- do return(found | sort) -%}
{%- endmacro %}


{% macro bad_segment(name, why) -%}
    {%- do exceptions.raise_compiler_error(
        'seeds/segments.yml, segment ' ~ name ~ ': ' ~ why
    ) -%}
{%- endmacro %}
