-- one row per budget and day with figures: what was spent, in its currency
{{ config(materialized='view') }}
with

scopes as (

    select * from {{ ref('int_budget_scopes') }}

),

periods as (

    select * from {{ ref('int_campaign_periods') }}
    where grain = 'day'

),

rates as (

    select * from {{ ref('int_exchange_rates_daily') }}

),

-- The account's own money where it is of that currency, else the day's rate.
spent as (

    select
        scopes.budget_id,
        periods.date_day,
        case
            when scopes.currency = periods.currency then periods.cost_local
            when scopes.currency = '{{ var("reporting_currency") }}'
                then periods.cost
            else
                cast(
                    {{ safe_divide('periods.cost', 'rates.fx_rate') }}
                    as decimal(38, 9)
                )
        end as spend

    from scopes
    inner join periods
        on
            scopes.platform = periods.platform
            and coalesce(scopes.account_id, periods.account_id)
            = periods.account_id
            and coalesce(scopes.campaign_id, periods.campaign_id)
            = periods.campaign_id
    left join rates
        on
            scopes.currency = rates.currency
            and periods.date_day = rates.date_day

),

final as (

    select
        budget_id,
        date_day,
        case
            when count(spend) = count(*)
                then cast(sum(spend) as decimal(38, 9))
        end as spend

    from spent
    group by budget_id, date_day

)

select * from final
