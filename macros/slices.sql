{#- Tables by slice: a build replaces the slices whose version changed. -#}

{% macro slice_key() -%}
    {% do return(['platform', 'account_id', 'grain', 'date_day']) %}
{%- endmacro %}


{% macro slices_built(relation) -%}
    {% do return(api.Relation.create(
        database=relation.database,
        schema=relation.schema,
        identifier=relation.identifier ~ '__slices',
    )) %}
{%- endmacro %}


{% macro changed_slices() -%}
    select
        {%- for key in slice_key() %}
        coalesce(known.{{ key }}, built.{{ key }}) as {{ key }}
        {{- "," if not loop.last }}
        {%- endfor %}

    from (select * from {{ ref('int_slices') }}) as known
    full outer join {{ slices_built(this) }} as built
        on
            {%- for key in slice_key() %}
            {{ 'and ' if not loop.first }}known.{{ key }} = built.{{ key }}
            {%- endfor %}
    where
        coalesce(known.slice_version, '') != coalesce(built.slice_version, '')
{%- endmacro %}


{% macro in_changed_slices() -%}
    {{ return(adapter.dispatch('in_changed_slices')()) }}
{%- endmacro %}

{% macro default__in_changed_slices() -%}
    {#- Days as literals let the engine pass over the rest of the history. -#}
    {%- set days = run_query(
        'select min(date_day), max(date_day) from ('
        ~ changed_slices() ~ ') as changed'
    ).rows[0] -%}
    {%- if days[0] is none -%}
    1 = 0
    {%- else -%}
    date_day between
    cast('{{ days[0] }}' as date) and cast('{{ days[1] }}' as date)
    and ({{ slice_key() | join(', ') }}) in ({{ changed_slices() }})
    {%- endif -%}
{%- endmacro %}


{% macro changed_only(word) -%}
    {%- if not execute -%}{%- do ref('int_slices') -%}{%- endif -%}
    {%- if is_incremental() -%}
    {{ word }} {{ in_changed_slices() }}
    {%- endif -%}
{%- endmacro %}


{% macro get_incremental_replace_slices_sql(arguments) -%}
    {%- set columns = arguments.dest_columns | map(attribute='quoted')
        | join(', ') -%}
    delete from {{ arguments.target_relation }} 
    where {{ in_changed_slices() }};
    insert into {{ arguments.target_relation }} ({{ columns }})
    select {{ columns }} from {{ arguments.temp_relation }}
{%- endmacro %}


{% macro remember_slices() -%}
    {{ replace_table(slices_built(this)) }} as
    select
        *,
        '{{ slices_signature() }}' as built_by

    from {{ ref('int_slices') }}
{%- endmacro %}


{% macro slices_signature() -%}
    {#- What every slice rests on: the vars that decide figures, and the SQL. -#}
    {% do return(local_md5(tojson([
        var('collected'), var('reporting_currency'), var('week_start'),
        var('fx_max_age_days'), sql_signature(),
    ]))) %}
{%- endmacro %}


{% macro should_full_refresh() -%}
    {%- set asked = config.get('full_refresh') -%}
    {%- set asked = flags.FULL_REFRESH if asked is none else asked -%}
    {%- if asked or config.get('incremental_strategy') != 'replace_slices' -%}
        {%- do return(asked) -%}
    {%- endif -%}
    {%- set built = slices_built(this) -%}
    {%- if not adapter.get_relation(
        built.database, built.schema, built.identifier
    ) -%}
        {%- do return(true) -%}
    {%- endif -%}
    {%- set known = run_query('select min(built_by) from ' ~ built) -%}
    {%- do return(known.rows[0][0] != slices_signature()) -%}
{%- endmacro %}


{% macro sql_signature() -%}
    {#- dbt keeps checksums of models, not of macros. -#}
    {%- set texts = [] -%}
    {%- for name in campaigns | sort -%}
        {%- do texts.append(campaigns[name].macro.macro_sql) -%}
    {%- endfor -%}
    {%- for id in graph.get('nodes', {}) | sort
        if id.startswith('model.') and graph.nodes[id].fqn[1] != 'marts'
        and (graph.nodes[id].fqn | length == 3
            or graph.nodes[id].fqn[1] == 'staging') -%}
        {%- do texts.append(graph.nodes[id].raw_code) -%}
    {%- endfor -%}
    {%- do return(local_md5(tojson(texts))) -%}
{%- endmacro %}
