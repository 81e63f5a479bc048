-- one row per platform, account, report, grain and day: what is known of it
with

coverage as (

    select * from {{ ref('int_coverage') }}

),

final as (

    select
        platform,
        account_id,
        report,
        grain,
        date_day,
        status,
        detail,
        read_at

    from coverage

)

select * from final
