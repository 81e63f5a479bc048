-- one row per source, account, report, grain, day and read that answered
{% set slice = 'source, platform, account_id, report, grain, date_day' %}
with

receipts as (

    {{ union_staging('receipts') }}

),

-- A day that was not over had nothing to restate; what is empty sums to 0.
answers as (

    select
        *,
        cost_local as cost,
        conversion_value_local as conversion_value

    from receipts
    where status in ('loaded', 'empty') and not {{ is_partial() }}

),

changes as (

    select
        {{ slice }},
        {% for measure in measures() %}
        coalesce({{ measure }}, 0) - lag(coalesce({{ measure }}, 0), 1, 0)
            over (partition by {{ slice }}, part order by read_at)
            as {{ measure }},
        {% endfor %}
        read_at

    from answers

),

-- Several files may add up to one day: what one of them changes, the day does.
reads as (

    select
        {{ slice }},
        {% for measure in measures() %}
        sum({{ measure }}) as {{ measure }},
        {% endfor %}
        read_at

    from changes
    group by {{ slice }}, read_at

),

final as (

    select
        {{ slice }},
        {% for measure in measures() %}
        {{ measure }} as {{ measure }}_change,
        sum({{ measure }}) over (
            partition by {{ slice }}
            order by read_at rows between unbounded preceding and current row
        ) as {{ measure }},
        {% endfor %}
        lag(read_at) over (partition by {{ slice }} order by read_at)
            as read_before,
        read_at

    from reads

)

select * from final
