{% macro duckdb__alter_column_comment(relation, column_dict) -%}
    {#- A DuckLake keeps comments of a table's columns only, not of a view's. -#}
    {%- if not (relation.is_view and adapter.is_ducklake(relation)) -%}
    {{ return(dbt.duckdb__alter_column_comment(relation, column_dict)) }}
    {%- endif -%}
{%- endmacro %}
