-- one row per comparison and whole whose change is told, with its coverage
{{ config(materialized='view') }}
with

accounts as (

    select * from {{ ref('int_comparison_accounts') }}

),

final as (

    {% for scope, keys in change_scopes().items() %}
    select
        comparison,
        period_start,
        period_end,
        previous_start,
        previous_end,
        '{{ scope }}' as scope,
        {{ keys | join(" || '/' || ") or "'all'" }} as whole,
        {% for key in ['platform', 'account_id'] %}
        {{ key if key in keys else 'cast(null as ' ~ dbt.type_string() ~ ')' }}
            as {{ key }},
        {% endfor %}
        {% for flag in ['is_complete', 'is_mature'] %}
        min(case when {{ flag }} then 1 else 0 end) = 1 as {{ flag }},
        min(case when previous_{{ flag }} then 1 else 0 end) = 1
            as previous_{{ flag }},
        {% endfor %}
        cast(sum(days) as bigint) as account_days,
        cast(sum(complete_days) as bigint) as account_days_read,
        cast(sum(previous_days) as bigint) as previous_account_days,
        cast(sum(previous_complete_days) as bigint)
            as previous_account_days_read

    from accounts
    group by
        {{ (['comparison', 'period_start', 'period_end', 'previous_start',
            'previous_end'] + keys) | join(', ') }}
    having sum(complete_days) > 0 and sum(previous_complete_days) > 0
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select * from final
