-- one row per currency and day that has a rate
with

collected as (

    select * from {{ ref('stg_exchange_rates__rates') }}

),

seeded as (

    select * from {{ ref('exchange_rates') }}

),

final as (

    select
        currency,
        rate_date,
        rate_to_usd,
        origin as rate_source
    from collected

    union all

    -- Made-up rates never fill the gaps of real ones.
    select
        currency,
        date as rate_date,
        rate_to_usd,
        'seed' as rate_source
    from seeded
    where not exists (select 1 from collected)

)

select * from final
