-- one row per day and currency
with

rates as (

    select * from {{ source('raw_exchange_rates', 'rates') }}

),

final as (

    select
        -- ids
        currency,

        -- numerics
        cast(rate_to_usd as decimal(18, 12)) as rate_to_usd,

        -- where it was read
        origin,

        -- time
        date as rate_date

    from rates

)

select * from final
