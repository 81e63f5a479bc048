-- one row per currency and day on which a rate may be used
with

exchange_rates as (

    select * from {{ ref('int_exchange_rates') }}

),

spans as (

    select
        currency,
        rate_to_usd,
        rate_date,
        least(
            {{ add_days('rate_date', var('fx_max_age_days')) }},
            coalesce(
                {{ add_days(
                    'lead(rate_date) over (
                        partition by currency order by rate_date
                    )', -1
                ) }},
                {{ add_days('rate_date', var('fx_max_age_days')) }}
            )
        ) as last_day

    from exchange_rates
    where currency != 'USD'

),

days as (

    select
        currency,
        rate_to_usd,
        rate_date,
        {{ each_day('rate_date', 'last_day') }} as date_day

    from spans

),

with_usd as (

    select * from days
    union all
    select distinct
        'USD' as currency,
        1 as rate_to_usd,
        date_day as rate_date,
        date_day
    from days

),

final as (

    select
        with_usd.currency,
        with_usd.date_day,
        -- A division of decimals is a float on some engines: 12 digits hold.
        cast(
            cast(with_usd.rate_to_usd as double)
            / cast(reporting.rate_to_usd as double) as decimal(18, 12)
        ) as fx_rate,
        least(with_usd.rate_date, reporting.rate_date) as fx_rate_date

    from with_usd
    inner join with_usd as reporting
        on
            with_usd.date_day = reporting.date_day
            and reporting.currency = '{{ var("reporting_currency") }}'

)

select * from final
