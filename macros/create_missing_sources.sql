{% macro create_missing_sources() -%}
    {%- if not execute -%}{%- do return('') -%}{%- endif -%}
    {%- for source in graph.sources.values() -%}
        {%- set relation = api.Relation.create(
            database=source.database, schema=source.schema,
            identifier=source.identifier,
        ) -%}
        {%- if not adapter.get_relation(
            relation.database, relation.schema, relation.identifier
        ) -%}
            {%- do adapter.create_schema(relation) -%}
            {%- set columns = [] -%}
            {%- for column in source.columns.values() -%}
                {%- do columns.append(
                    column.name ~ ' ' ~ column_type(column.data_type)
                ) -%}
            {%- endfor -%}
            {%- do run_statement(
                'create table ' ~ relation ~ ' (' ~ columns | join(', ') ~ ')'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}


{% macro run_statement(sql) -%}
    {#- run_query asks for rows, which not every engine gives for a DDL. -#}
    {%- call statement('run_statement', auto_begin=false) -%}
        {{ sql }}
    {%- endcall -%}
{%- endmacro %}
