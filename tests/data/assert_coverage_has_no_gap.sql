-- Between an account's first and last covered day every day has a status.
with

coverage as (

    select * from {{ ref('fct_coverage') }}

),

spans as (

    select
        platform,
        account_id,
        min(date_day) as first_day,
        max(date_day) as last_day,
        count(distinct date_day) as days_known

    from coverage
    where grain = 'day'
    group by platform, account_id

),

final as (

    select *
    from spans
    where days_known != 1 + {{ days_between('first_day', 'last_day') }}

)

select * from final
