-- one row per budget, period and day: planned and spent by then
{% set so_far = 'over (partition by budget_id, period_start order by date_day '
    ~ 'rows unbounded preceding)' %}

with

days as (

    select
        *,
        1 + {{ days_between(
            'period_start', 'date_day'
        ) }} as days_passed,
        1 + {{ days_between(
            'period_start', 'period_end'
        ) }} as days_total,
        {{ days_of_month(
            'date_day'
        ) }} as days_of_month

    from {{ ref('int_budget_days') }}

),

-- Days that one amount is meant for.
shares as (

    select
        *,
        case kind
            when 'monthly' then days_of_month
            when 'flight' then days_total
            else 1
        end as days_of_amount

    from days

),

planned as (

    select
        *,
        {{ safe_divide('amount', 'days_of_amount') }} as planned_of_day,
        case
            when amount is null then null
            when origin = 'platform' and kind = 'daily'
                then cast(sum(amount) {{ so_far }} as decimal(38, 9))
            else {{ share_of('amount', 'days_passed', 'days_of_amount') }}
        end as planned_to_date,
        count(spend) {{ so_far }} as days_read,
        cast(coalesce(sum(spend) {{ so_far }}, 0) as decimal(38, 9))
            as spent_to_date

    from shares

),

final as (

    select
        *,
        days_total - days_passed as days_left,
        days_passed - days_read as days_unread,
        case
            when origin = 'platform' and kind = 'daily'
                then planned_to_date + amount * (days_total - days_passed)
            else {{ share_of('amount', 'days_total', 'days_of_amount') }}
        end as planned_total,
        {{ safe_divide(
            'sum(case when planned_of_day is not null then spend end) '
            ~ so_far, 'sum(case when spend is not null then planned_of_day end) '
            ~ so_far
        ) }} as pace

    from planned

)

select * from final
