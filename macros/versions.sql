{% macro versions(snapshot, keys, facts) -%}
with

seen as (

    select * from {{ snapshot }}

),

final as (

    select
        version_id,
        {% for column in keys + facts %}
        {{ column }},
        {% endfor %}
        cast(valid_from as timestamp) as valid_from,
        cast(valid_to as timestamp) as valid_to,
        valid_to is null as is_current

    from seen

)

select * from final
{%- endmacro %}
