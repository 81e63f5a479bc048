{#- What definitions a build was made with: published with its tables. -#}

{% macro record_semantics() -%}
    {%- if execute and flags.WHICH == 'build' -%}
    {{ adapter.dispatch('record_semantics')(reporting_meta()) }}
    {%- endif -%}
{%- endmacro %}


{% macro default__record_semantics(reporting) -%}
{%- endmacro %}


{% macro reporting_meta() -%}
    {%- set found = {} -%}
    {%- for exposure in graph.get('exposures', {}).values()
        if exposure.name in ('reporting', 'segments') -%}
        {%- do found.update({exposure.name: exposure.config.meta}) -%}
    {%- endfor -%}
    {%- do return(found) -%}
{%- endmacro %}
