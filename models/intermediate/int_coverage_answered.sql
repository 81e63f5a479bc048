-- one row per account, report, grain and day that a receipt mentions
{{ config(materialized='view') }}
with

receipts as (

    select
        *,
        max(read_at) over (
            partition by
                source, platform, account_id, report, grain, date_day
        ) as source_read_at,
        case
            when status in ('failed', 'forbidden') then 1
            when status = 'loaded' then 2
            else 3
        end as severity

    from {{ ref('int_receipts_latest') }}

),

-- The source that read last speaks; among its parts the worst status does.
ranked as (

    select
        *,
        row_number() over (
            partition by platform, account_id, report, grain, date_day
            order by
                source_read_at desc nulls last, source asc, severity asc,
                read_at desc nulls last, part asc
        ) as choice

    from receipts

),

final as (

    select
        platform,
        account_id,
        report,
        grain,
        date_day,
        status,
        case
            when detail is not null or grain = 'day' then detail
            else grain || 'ly export: no daily figures'
        end as detail,
        read_at

    from ranked
    where choice = 1

)

select * from final
