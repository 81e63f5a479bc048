-- one row per comparison of two periods
{{ config(materialized='view') }}
with

accounts as (

    select
        max(date_day) as last_day,
        max(max(date_day)) over () as newest_day

    from {{ ref('int_coverage_by_day') }}
    where level = 'campaign' and grain = 'day' and is_complete
    group by platform, account_id

),

-- The last day that every account has which is still read.
latest as (

    select min(last_day) as last_day
    from accounts
    where last_day >= {{ add_days('newest_day', -var('silent_days')) }}
    having min(last_day) is not null

),

ends as (

    select
        last_day,
        {{ add_days(period_start('week', add_days('last_day', 1)), -1) }}
            as week_end,
        {{ add_days(period_start('month', add_days('last_day', 1)), -1) }}
            as month_end

    from latest

),

final as (

    {% for days in [7, 28] %}
    select
        'last_{{ days }}_days' as comparison,
        {{ add_days('last_day', 1 - days) }} as period_start,
        last_day as period_end,
        {{ add_days('last_day', 1 - 2 * days) }} as previous_start,
        {{ add_days('last_day', -days) }} as previous_end

    from ends
    union all
    {% endfor %}
    {% for week in range(var('weeks_compared')) %}
    select
        'week_over_week' as comparison,
        {{ add_days('week_end', -7 * week - 6) }} as period_start,
        {{ add_days('week_end', -7 * week) }} as period_end,
        {{ add_days('week_end', -7 * week - 13) }} as previous_start,
        {{ add_days('week_end', -7 * week - 7) }} as previous_end

    from ends
    union all
    {% endfor %}
    {% set month = period_start('month', 'month_end') %}
    select
        'last_month' as comparison,
        {{ month }} as period_start,
        month_end as period_end,
        {{ period_start('month', add_days(month, -1)) }} as previous_start,
        {{ add_days(month, -1) }} as previous_end

    from ends

)

select * from final
