{#- How tables are replaced on Spark, whose Parquet tables know no update. -#}

{% macro replace_table(relation) -%}
    {{ return(adapter.dispatch('replace_table')(relation)) }}
{%- endmacro %}

{% macro default__replace_table(relation) -%}
    create or replace table {{ relation }}
{%- endmacro %}

{% macro spark__replace_table(relation) -%}
    {%- do run_statement('drop table if exists ' ~ relation) -%}
    create table {{ relation }} using parquet
{%- endmacro %}


{% macro changed_months() -%}
    {%- set months = run_query(
        "select distinct trunc(date_day, 'month') from ("
        ~ changed_slices() ~ ') as changed'
    ).columns[0] -%}
    {%- do return(months | map('string') | list) -%}
{%- endmacro %}


{#- A month is a partition: of a changed one all slices are computed again. -#}
{% macro spark__in_changed_slices() -%}
    trunc(date_day, 'month') in (
        cast(null as date)
        {%- for month in changed_months() %}, date '{{ month }}'{% endfor -%}
    )
{%- endmacro %}


{% materialization incremental, adapter='spark' -%}
    {%- set months = '(select *, trunc(date_day, \'month\') as slice_month from ('
        ~ compiled_code ~ ') as slices)' -%}
    {%- set existing = load_relation(this) -%}
    {{ run_hooks(pre_hooks) }}
    {%- if existing is none or existing.is_view or should_full_refresh() -%}
        {%- if existing is not none -%}
            {%- do adapter.drop_relation(existing) -%}
        {%- endif -%}
        {%- call statement('main') -%}
            create table {{ this }} using parquet
            partitioned by (slice_month) as
            select * from {{ months }}
        {%- endcall -%}
    {%- else -%}
        {{ replace_months(this, months) }}
    {%- endif -%}
    {%- do persist_docs(this, model) -%}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [this]}) }}
{%- endmaterialization %}


{% macro replace_months(relation, months) -%}
    {#- An overwritten partition is swapped in one step; one that is to be empty
        has no rows that could overwrite it, and is dropped. -#}
    {%- set fresh = relation.identifier ~ '__fresh' -%}
    {%- do run_statement('cache table ' ~ fresh ~ ' as select * from '
        ~ months) -%}
    {%- call statement('main') -%}
        insert overwrite table {{ relation }} partition (slice_month)
        select * from {{ fresh }}
    {%- endcall -%}
    {%- set filled = run_query('select distinct slice_month from ' ~ fresh)
        .columns[0] | map('string') | list -%}
    {%- for month in changed_months() | reject('in', filled) -%}
        {%- do run_statement('alter table ' ~ relation ~ ' drop if exists '
            ~ "partition (slice_month = date '" ~ month ~ "')") -%}
    {%- endfor -%}
    {%- do run_statement('uncache table ' ~ fresh) -%}
{%- endmacro %}


{#- A Python model runs on the workers, each for the series that it is given:
    Spark hands rows to a process there and reads what that writes. -#}
{% materialization table, adapter='spark', supported_languages=['sql', 'python'] -%}
    {%- if model.language == 'sql' -%}
        {{ return(dbt.materialization_table_spark()) }}
    {%- endif -%}
    {%- set source = ref(model.refs[0].name) -%}
    {%- set inputs, outputs = [], [] -%}
    {%- set lines = "row format delimited fields terminated by '\\t' "
        ~ "lines terminated by '\\n' null defined as '\\\\N'" -%}
    {%- for column in adapter.get_columns_in_relation(source) -%}
        {%- do inputs.append(column.name ~ ':' ~ column.dtype) -%}
    {%- endfor -%}
    {%- for column in model.columns.values() -%}
        {%- do outputs.append(column.name ~ ' ' ~ column.data_type) -%}
    {%- endfor -%}
    {{ run_hooks(pre_hooks) }}
    {%- do run_statement('drop table if exists ' ~ this) -%}
    {%- call statement('main') -%}
        create table {{ this }} using parquet as
        select transform (*) {{ lines }}
        using 'python -m pipeline.spark.transform {{ model.name }}
            {{- ' ' ~ source.identifier ~ ' ' ~ inputs | join(' ') }}'
        as ({{ outputs | join(', ') }}) {{ lines }}
        from (
            select * from {{ source }}
            distribute by {{ model.meta.distributed_by }}
        ) as series
    {%- endcall -%}
    {%- do persist_docs(this, model) -%}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [this]}) }}
{%- endmaterialization %}


{% materialization snapshot, adapter='spark' -%}
    {%- set fresh = load_relation(this.incorporate(
        path={'identifier': this.identifier ~ '__fresh'}
    )) -%}
    {%- if fresh is not none and load_relation(this) is none -%}
        {%- do adapter.rename_relation(fresh, this) -%}
    {%- endif -%}
    {%- set exists = load_relation(this) is not none -%}
    {%- set made = dbt.materialization_snapshot_default() -%}
    {%- if exists -%}
        {%- do run_statement('drop table ' ~ this) -%}
        {%- do run_statement('alter table ' ~ this ~ '__fresh rename to ' ~ this) -%}
    {%- endif -%}
    {{ return(made) }}
{%- endmaterialization %}


{% macro spark__snapshot_merge_sql(target, source, insert_cols) -%}
    {#- All versions are written again; then the tables change names. A kill in
        between is put right by the next build. -#}
    {%- set names = config.get('snapshot_table_column_names') -%}
    {%- set fresh = target.incorporate(
        path={'identifier': target.identifier ~ '__fresh'}
    ) -%}
    {%- do run_statement('drop table if exists ' ~ fresh) -%}
    create table {{ fresh }} using parquet as
    select
        {%- for column in insert_cols %}
        {% if column == adapter.quote(names.dbt_valid_to) -%}
        coalesce(changes.{{ column }}, versions.{{ column }}) as {{ column }}
        {%- else -%}
        versions.{{ column }}
        {%- endif %}
        {{- "," if not loop.last }}
        {%- endfor %}
    from {{ target }} as versions
    left join {{ source }} as changes
        on
            versions.{{ names.dbt_scd_id }} = changes.{{ names.dbt_scd_id }}
            and changes.dbt_change_type in ('update', 'delete')
            and versions.{{ names.dbt_valid_to }} is null
    union all
    select {{ insert_cols | join(', ') }}
    from {{ source }}
    where dbt_change_type = 'insert'
{%- endmacro %}
