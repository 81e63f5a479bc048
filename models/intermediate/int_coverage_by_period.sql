-- one row per account, week or month and grain of the export that fills it
with

days as (

    select * from {{ ref('int_coverage_by_day') }}
    where level = 'campaign'

),

periods as (

    {% for period in ['week', 'month'] %}
    select
        platform,
        account_id,
        '{{ period }}' as period,
        {{ period_start(period, 'date_day') }} as period_start,
        {{ period_end(period, period_start(period, 'date_day')) }} as last_day,
        is_complete,
        is_mature

    from days
    where grain = 'day'
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

from_days as (

    select
        platform,
        account_id,
        period,
        period_start,
        'day' as source_grain,
        sum(case when is_complete then 1 else 0 end)
        = 1 + max({{ days_between('period_start', 'last_day') }})
            as is_complete,
        min(case when is_mature then 1 else 0 end) = 1 as is_mature

    from periods
    group by platform, account_id, period, period_start

),

exported as (

    select
        platform,
        account_id,
        grain as period,
        date_day as period_start,
        grain as source_grain,
        is_complete,
        is_mature

    from days
    where grain != 'day'

),

final as (

    select * from from_days
    union all
    select * from exported

)

select * from final
