-- Each segment of seeds/segments.yml compiles and runs, on no rows at all.
{#- While dbt parses, one call says that this depends on the macro. -#}
{% set names = reporting_meta().segments | list if execute else ['any'] %}
with

nothing as (

    select
        {% for dimension in segment_dimensions() %}
        cast(null as {{ dbt.type_string() }}) as {{ dimension }},
        {% endfor %}
        1 as one

    from {{ ref('fct_campaign_daily') }}
    where 1 = 0

)

{% for name in names %}
select '{{ name }}' as segment_name from nothing
where {{ segment(name) }}
{% if not loop.last %}union all{% endif %}
{% else %}
select 'none' as segment_name from nothing
{% endfor %}
