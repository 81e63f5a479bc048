-- one row per currency and day on which a rate may be used
with

spans as (

    select
        currency,
        rate_to_usd,
        rate_date,
        rate_source,
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

    from {{ ref('int_exchange_rates') }}
    where currency != 'USD'

),

days as (

    select
        currency,
        rate_to_usd,
        rate_date,
        rate_source,
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
        cast(null as {{ dbt.type_string() }}) as rate_source,
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
        least(with_usd.rate_date, reporting.rate_date) as fx_rate_date,
        coalesce(with_usd.rate_source, reporting.rate_source) as fx_source

    from with_usd
    inner join with_usd as reporting
        on
            with_usd.date_day = reporting.date_day
            and reporting.currency = '{{ var("reporting_currency") }}'

)

select * from final
