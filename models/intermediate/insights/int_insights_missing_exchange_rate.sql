-- one row per account and currency whose money cannot be converted
with

rule as (

    {{ insight_rule('missing_exchange_rate') }}

),

held as (

    select
        *,
        coalesce(currency, 'no currency') as currency_name

    from {{ ref('quarantined_rows') }}
    where reason in ({{ without_rate() }})

),

grouped as (

    select
        platform,
        account_id,
        '{{ whole() }}' as campaign_id,
        currency_name,
        '{{ var("reporting_currency") }}' as reporting_currency,
        min(date_day) as first_day,
        max(date_day) as date_day,
        count(*) as held_rows,
        coalesce(sum(cost_held), 0) as cost_held,
        cast(null as decimal(38, 9)) as impact_amount

    from held
    group by platform, account_id, currency_name

),

found as (

    select grouped.*
    from grouped
    cross join rule
    where grouped.held_rows >= rule.min_events

),

final as (

    {{ insights(
        'found', 'missing_exchange_rate',
        ['currency_name', 'held_rows', 'cost_held'], ['currency_name']
    ) }}

)

select * from final
