-- one row per platform, account, level, grain and day: whole and final or not
with

coverage as (

    select * from {{ ref('int_coverage_by_day') }}

),

final as (

    select
        platform,
        account_id,
        level,
        grain,
        date_day,
        is_complete,
        is_mature

    from coverage

)

select * from final
