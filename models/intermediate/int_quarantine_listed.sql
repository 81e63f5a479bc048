-- one row per row of an export that breaks a rule, parsed or not
with

quarantine as (

    {{ union_staging('quarantine') }}

),

performance as (

    select * from {{ ref('int_performance_judged') }}
    where reason is not null

),

unparsed as (

    select
        source,
        lower(trim(platform)) as platform,
        trim(account_id) as account_id,
        origin,
        line,
        date_day,
        reason,
        detail,
        {{ row_as_json(['raw_text']) }} as row_json,
        cost_held,
        currency,
        read_at

    from quarantine

),

broken as (

    select
        source,
        platform,
        account_id,
        origin,
        line,
        date_day,
        reason,
        case reason
            {% for reason, detail in quarantine_details().items() %}
            when '{{ reason }}' then '{{ detail }}'
            {% endfor %}
        end as detail,
        row_json,
        cost_local as cost_held,
        currency,
        read_at

    from performance

),

final as (

    select * from unparsed
    union all
    select * from broken

)

select * from final
