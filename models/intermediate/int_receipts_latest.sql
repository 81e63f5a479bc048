-- one row per source, account, report, grain, part and day: its last receipt
with

receipts as (

    {{ union_staging('receipts') }}

),

latest as (

    select
        source,
        platform,
        account_id,
        report,
        grain,
        part,
        date_day,
        max_by(status, read_at) as status,
        nullif(max_by(coalesce(detail, ''), read_at), '') as detail,
        max(read_at) as read_at,
        max_by(status, {{ when_answered('read_at') }}) as answer,
        max({{ when_answered('read_at') }}) as answered_at

    from receipts
    group by source, platform, account_id, report, grain, part, date_day

),

final as (

    select
        source,
        platform,
        account_id,
        report,
        grain,
        part,
        date_day,
        case
            when detail = '{{ too_old() }}' then 'never_asked'
            else status
        end as status,
        detail,
        read_at,
        answer,
        answered_at

    from latest

)

select * from final
