{#- What DuckDB and Spark write differently. Nothing else may. -#}

{% macro each_day(first_day, last_day) -%}
    {{ return(adapter.dispatch('each_day')(first_day, last_day)) }}
{%- endmacro %}

{% macro duckdb__each_day(first_day, last_day) -%}
    cast(unnest(generate_series(
        cast({{ first_day }} as timestamp),
        cast({{ last_day }} as timestamp),
        interval 1 day
    )) as date)
{%- endmacro %}


{% macro row_as_json(columns) -%}
    {{ return(adapter.dispatch('row_as_json')(columns)) }}
{%- endmacro %}

{% macro duckdb__row_as_json(columns) -%}
    cast(to_json(struct_pack(
    {%- for column in columns %}
        {{ column }} := {{ column }}{{ "," if not loop.last }}
    {%- endfor %}
    )) as varchar)
{%- endmacro %}


{% macro number_text(column, decimals) -%}
    {{ return(adapter.dispatch('number_text')(column, decimals)) }}
{%- endmacro %}

{% macro duckdb__number_text(column, decimals) -%}
    format('{:,.{{ decimals }}f}', cast({{ column }} as double))
{%- endmacro %}


{% macro running_median(column, window) -%}
    {{ return(adapter.dispatch('running_median')(column, window)) }}
{%- endmacro %}

{% macro duckdb__running_median(column, window) -%}
    median({{ column }}) over {{ window }}
{%- endmacro %}


{% macro running_quantile(column, quantile, window) -%}
    {{ return(adapter.dispatch('running_quantile')(column, quantile, window)) }}
{%- endmacro %}

{% macro duckdb__running_quantile(column, quantile, window) -%}
    quantile_cont({{ column }}, {{ quantile }}) over {{ window }}
{%- endmacro %}


{% macro text_hash(columns) -%}
    {{ return(adapter.dispatch('text_hash')(columns)) }}
{%- endmacro %}

{#- A separator that no text holds keeps ('ab', 'c') apart from ('a', 'bc'). -#}
{% macro duckdb__text_hash(columns) -%}
    md5(concat_ws(
        chr(31)
        {%- for column in columns %},
        coalesce(cast({{ column }} as varchar), chr(30))
        {%- endfor %}
    ))
{%- endmacro %}


{% macro number_hash(columns) -%}
    {{ return(adapter.dispatch('number_hash')(columns)) }}
{%- endmacro %}

{#- A number of which sums tell sets of rows apart, in any order. -#}
{% macro duckdb__number_hash(columns) -%}
    hash({{ columns | join(', ') }})
{%- endmacro %}


{% macro sql_signature() -%}
    {{ return(adapter.dispatch('sql_signature')()) }}
{%- endmacro %}

{#- dbt knows no checksum of macros: DuckDB reads the files. -#}
{% macro duckdb__sql_signature() -%}
    {%- if not execute -%}{%- do return('') -%}{%- endif -%}
    {%- do return(run_query(
        "select md5(string_agg(md5(content), '' order by filename)) "
        ~ "from read_text(list_transform(['macros/*.sql', "
        ~ "'models/staging/*/*.sql', 'models/intermediate/*.sql'], "
        ~ "lambda name: " ~ dbt.string_literal(
            dbt.escape_single_quotes(invocation_args_dict.project_dir) ~ '/'
        ) ~ " || name))"
    ).rows[0][0]) -%}
{%- endmacro %}


{#- dbt writes the semantic manifest before it runs anything. -#}
{% macro duckdb__record_semantics(reporting) -%}
    {%- set folder = invocation_args_dict.target_path or 'target' -%}
    {%- if not folder.startswith('/') -%}
        {%- set folder = invocation_args_dict.project_dir ~ '/' ~ folder -%}
    {%- endif -%}
    create schema if not exists semantic;
    create or replace table semantic.definitions as
    select
        {{ dbt.string_literal(invocation_id) }} as invocation_id,
        content as semantic_manifest,
        {{ dbt.string_literal(
            dbt.escape_single_quotes(tojson(reporting))
        ) }} as reporting
    from read_text({{ dbt.string_literal(dbt.escape_single_quotes(
        folder ~ '/semantic_manifest.json'
    )) }})
{%- endmacro %}


{% macro text_matches(column, pattern) -%}
    {{ return(adapter.dispatch('text_matches')(column, pattern)) }}
{%- endmacro %}

{% macro duckdb__text_matches(column, pattern) -%}
    regexp_matches({{ column }}, {{ pattern }})
{%- endmacro %}
