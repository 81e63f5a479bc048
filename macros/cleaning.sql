{% macro clean_text(column) -%}
    nullif(trim({{ column }}), '')
{%- endmacro %}


{% macro id_or_name(id, name) -%}
    coalesce(
        {{ clean_text(id) }},
        'name:' || lower({{ clean_text(name) }})
    )
{%- endmacro %}


{% macro union_staging(entity, datasets=none) -%}
    {% for dataset in datasets or var('collected') %}
    select * from {{ ref('stg_' ~ dataset ~ '__' ~ entity) }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
{%- endmacro %}


{% macro from_micros(column) -%}
    cast(
        cast({{ column }} as decimal(20, 0)) * cast(0.000001 as decimal(7, 6))
        as decimal(38, 9)
    )
{%- endmacro %}


{% macro known_channel(column) -%}
    case
        when lower({{ column }}) in (
            'search', 'display', 'video', 'shopping', 'performance_max'
        ) then lower({{ column }})
        when {{ column }} is not null then 'other'
    end
{%- endmacro %}


{% macro finished_loads(dataset, table) -%}
    select *
    from {{ source(dataset, table) }}
    where _dlt_load_id in (
        select load_id
        from {{ source(dataset, '_dlt_loads') }}
        where status = 0
    )
{%- endmacro %}


{% macro latest(column, day='date_day') -%}
    max_by(
        {{ column }},
        cast({{ day }} as {{ dbt.type_string() }}) || {{ column }}
    )
{%- endmacro %}


{% macro listed_by_api(entity) -%}
    {#- Exports list no objects of their own: their rows are all they tell. -#}
    {{ union_staging(entity, var('collected') | reject('eq', 'files') | list) }}
{%- endmacro %}
