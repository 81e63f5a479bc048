-- one row per campaign and day from its first row until it fell silent
{% set so_far = 'over (partition by platform, account_id, campaign_id '
    ~ 'order by date_day rows between unbounded preceding and current row)' %}

with

periods as (

    select * from {{ ref('int_campaign_periods') }}
    where grain = 'day'

),

calendar as (

    select * from {{ ref('int_campaign_calendar') }}

),

joined as (

    select
        calendar.*,
        {% for measure in measures() %}
        periods.{{ measure }},
        {% endfor %}
        periods.date_day as row_day

    from calendar
    left join periods
        on
            calendar.platform = periods.platform
            and calendar.account_id = periods.account_id
            and calendar.campaign_id = periods.campaign_id
            and calendar.date_day = periods.date_day

),

-- Only what was known on the day itself may shape it.
known as (

    select
        *,
        {% for measure in measures() %}
        count({{ measure }}) {{ so_far }} > 0 as carries_{{ measure }},
        {% endfor %}
        max(row_day) {{ so_far }} as last_row_day

    from joined

),

final as (

    select
        platform,
        account_id,
        campaign_id,
        date_day,
        {% for measure in measures() %}
        case
            when not is_covered then null
            when row_day is not null then {{ measure }}
            when carries_{{ measure }} then 0
        end as {{ measure }},
        {% endfor %}
        is_covered

    from known
    where
        {{ days_between('last_row_day', 'date_day') }}
        <= {{ var('silent_days') }}

)

select * from final
