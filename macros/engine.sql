{#- What DuckDB and Spark write differently in a query. Nothing else may; how
    they replace tables differently is in macros/spark.sql. -#}

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

{#- A sequence that would run backwards is an error there, not an empty one. -#}
{% macro spark__each_day(first_day, last_day) -%}
    explode(if(
        {{ last_day }} < {{ first_day }},
        array(),
        sequence({{ first_day }}, {{ last_day }}, interval 1 day)
    ))
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

{#- As DuckDB writes it: with nulls, and decimals without an exponent. -#}
{% macro spark__row_as_json(columns) -%}
    concat(
        '{'
        {%- for column in columns %},
        '{{ "," if not loop.first }}"{{ column }}":',
        case
            when {{ column }} is null then 'null'
            when typeof({{ column }}) like 'decimal%'
                then cast({{ column }} as string)
            else substring(
                to_json(struct({{ column }} as v)),
                6,
                length(to_json(struct({{ column }} as v))) - 6
            )
        end
        {%- endfor %},
        '}'
    )
{%- endmacro %}


{% macro number_text(column, decimals) -%}
    {{ return(adapter.dispatch('number_text')(column, decimals)) }}
{%- endmacro %}

{% macro duckdb__number_text(column, decimals) -%}
    format('{:,.{{ decimals }}f}', cast({{ column }} as double))
{%- endmacro %}

{% macro spark__number_text(column, decimals) -%}
    format_number(cast({{ column }} as double), {{ decimals }})
{%- endmacro %}


{% macro running_median(column, window) -%}
    {{ return(adapter.dispatch('running_median')(column, window)) }}
{%- endmacro %}

{% macro duckdb__running_median(column, window) -%}
    median({{ column }}) over {{ window }}
{%- endmacro %}

{% macro spark__running_median(column, window) -%}
    percentile({{ column }}, 0.5) over {{ window }}
{%- endmacro %}


{% macro running_quantile(column, quantile, window) -%}
    {{ return(adapter.dispatch('running_quantile')(column, quantile, window)) }}
{%- endmacro %}

{% macro duckdb__running_quantile(column, quantile, window) -%}
    quantile_cont({{ column }}, {{ quantile }}) over {{ window }}
{%- endmacro %}

{% macro spark__running_quantile(column, quantile, window) -%}
    percentile({{ column }}, {{ quantile }}) over {{ window }}
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

{% macro spark__text_hash(columns) -%}
    md5(concat_ws(
        chr(31)
        {%- for column in columns %},
        coalesce(cast({{ column }} as string), chr(30))
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

{#- A sum of bigints overflows there. -#}
{% macro spark__number_hash(columns) -%}
    cast(xxhash64({{ text_hash(columns) }}) as decimal(38, 0))
{%- endmacro %}


{% macro add_days(column, days) -%}
    {{ return(adapter.dispatch('add_days')(column, days)) }}
{%- endmacro %}

{% macro default__add_days(column, days) -%}
    cast({{ dbt.dateadd('day', days, column) }} as date)
{%- endmacro %}

{#- dbt's own refuses a null day. -#}
{% macro spark__add_days(column, days) -%}
    date_add(cast({{ column }} as date), cast({{ days }} as int))
{%- endmacro %}


{% macro days_between(first_day, last_day) -%}
    {{ return(adapter.dispatch('days_between')(first_day, last_day)) }}
{%- endmacro %}

{% macro default__days_between(first_day, last_day) -%}
    {{ dbt.datediff(first_day, last_day, 'day') }}
{%- endmacro %}

{% macro spark__days_between(first_day, last_day) -%}
    cast(datediff({{ last_day }}, {{ first_day }}) as bigint)
{%- endmacro %}


{% macro last_day(column, period) -%}
    {{ return(adapter.dispatch('last_day')(column, period)) }}
{%- endmacro %}

{% macro default__last_day(column, period) -%}
    {{ dbt.last_day(column, period) }}
{%- endmacro %}

{% macro spark__last_day(column, period) -%}
    date_sub(
        add_months(
            trunc({{ column }}, '{{ period }}'),
            {{ {'month': 1, 'quarter': 3, 'year': 12}[period] }}
        ),
        1
    )
{%- endmacro %}


{% macro text_literal(text) -%}
    {{ return(adapter.dispatch('text_literal')(text)) }}
{%- endmacro %}

{% macro default__text_literal(text) -%}
    {{ dbt.string_literal(dbt.escape_single_quotes(text)) }}
{%- endmacro %}

{% macro spark__text_literal(text) -%}
    '{{ text | replace("\\", "\\\\") | replace("'", "\\'") }}'
{%- endmacro %}


{% macro column_type(type) -%}
    {{ return(adapter.dispatch('column_type')(type)) }}
{%- endmacro %}

{% macro default__column_type(type) -%}
    {{ type }}
{%- endmacro %}

{% macro spark__column_type(type) -%}
    {{ 'timestamp' if type == 'timestamptz' else type }}
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

{% macro spark__text_matches(column, pattern) -%}
    {{ column }} rlike {{ pattern }}
{%- endmacro %}
