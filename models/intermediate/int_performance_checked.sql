-- one row per row of an export, with the fault that the row itself shows
with

performance as (

    select * from {{ ref('int_performance_unioned') }}

),

reads as (

    select
        source,
        platform,
        account_id,
        grain,
        date_day,
        max(read_at) as read_at

    from {{ ref('int_receipts_latest') }}
    where status = 'loaded'
    group by source, platform, account_id, grain, date_day

),

final as (

    select
        performance.*,
        reads.read_at,
        case
            -- Clocks run up to 14 hours ahead of UTC.
            when
                performance.date_day
                > {{ add_days('cast(reads.read_at as date)', 1) }}
                then 'future_date'
            {% for period in ['week', 'month'] %}
            when
                performance.grain = '{{ period }}'
                and performance.date_day
                != {{ period_start(period, 'performance.date_day') }}
                then '{{ period }}_not_aligned'
            {% endfor %}
            when performance.cost_local < 0 then 'negative_cost'
        end as fault

    from performance
    left join reads
        on
            performance.source = reads.source
            and performance.platform = reads.platform
            and performance.account_id = reads.account_id
            and performance.grain = reads.grain
            and performance.date_day = reads.date_day

)

select * from final
