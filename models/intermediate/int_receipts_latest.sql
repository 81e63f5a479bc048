-- one row per source, account, report, grain, part and day: its last receipt
with

receipts as (

    {{ union_staging('receipts') }}

),

ranked as (

    select
        source,
        part,
        report,
        grain,
        date_day,
        status,
        detail,
        read_at,
        lower(trim(platform)) as platform,
        trim(account_id) as account_id,
        row_number() over (
            partition by
                source, lower(trim(platform)), trim(account_id), report,
                grain, part, date_day
            order by read_at desc nulls last, status asc, detail asc
        ) as recency

    from receipts

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
        status,
        detail,
        read_at

    from ranked
    where recency = 1

)

select * from final
