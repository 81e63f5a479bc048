-- one row per row of a report or an export that breaks a rule
with

-- Money without a rate is listed once, with the report that totals come from.
performance as (

    select * from {{ ref('int_performance_judged') }}
    where
        reason is not null and (is_held or {{ is_authority() }})
        {{- ' ' ~ changed_only('and') }}

),

final as (

    select
        source,
        platform,
        account_id,
        report,
        origin,
        line,
        grain,
        date_day,
        reason,
        case reason
            {% for reason, detail in quarantine_details().items() %}
            when '{{ reason }}' then '{{ detail }}'
            {% endfor %}
        end as detail,
        {{ row_as_json(row_columns()) }} as row_json,
        case when {{ is_authority() }} then cost_local else 0 end as cost_held,
        currency,
        read_at

    from performance

)

select * from final
