-- one row per source, account, grain and day that the source has rows for
with

receipts as (

    select * from {{ ref('int_receipts_latest') }}
    where answer = 'loaded'

),

reads as (

    select
        source,
        platform,
        account_id,
        grain,
        date_day,
        max(answered_at) as read_at,
        max(case when {{ is_authority() }} then answered_at end)
            as authority_read_at

    from receipts
    group by source, platform, account_id, grain, date_day

),

checked as (

    select
        *,
        case
            -- Clocks run up to 14 hours ahead of UTC.
            when date_day > {{ add_days('cast(read_at as date)', 1) }}
                then 'future_date'
            {% for period in ['week', 'month'] %}
            when
                grain = '{{ period }}'
                and date_day != {{ period_start(period, 'date_day') }}
                then '{{ period }}_not_aligned'
            {% endfor %}
        end as fault

    from reads

),

-- The source that read the account's figures last speaks for the day.
final as (

    select
        *,
        row_number() over (
            partition by platform, account_id, grain, date_day
            order by
                case when fault is null then 0 else 1 end,
                authority_read_at desc nulls last, read_at desc nulls last,
                source asc
        ) = 1 as is_speaking

    from checked

)

select * from final
