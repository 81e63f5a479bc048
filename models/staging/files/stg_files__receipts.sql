-- one row per load and slice that the load covered
with

receipts as (

    {{ finished_loads('raw_files', 'receipts') }}

),

final as (

    select
        -- ids
        source,
        platform,
        account_id,
        part,
        origin,

        -- what was asked and answered
        report,
        grain,
        status,
        detail,

        -- time
        date as date_day,
        cast(read_at as timestamp) as read_at,

        -- measures, money in account currency
        row_count,
        impressions,
        clicks,
        cost as cost_local,
        conversions,
        conversion_value as conversion_value_local

    from receipts

)

select * from final
