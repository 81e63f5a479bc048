-- one row per row of a report or an export, with the rule that it breaks
{{ config(materialized='view') }}
{% set reporting = "'" ~ var('reporting_currency') ~ "'" %}
with

performance as (

    select * from {{ ref('int_performance') }}

),

rates as (

    select * from {{ ref('int_exchange_rates_daily') }}

),

judged as (

    select
        performance.*,
        claims.read_at,
        case performance.currency
            when {{ reporting }} then 1
            else rates.fx_rate
        end as fx_rate,
        case performance.currency
            when {{ reporting }} then performance.date_day
            else rates.fx_rate_date
        end as fx_rate_date,
        case
            when claims.fault is not null then claims.fault
            when performance.cost_local < 0 then 'negative_cost'
            when
                performance.impressions = 0
                and performance.clicks > coalesce(
                    platforms.late_clicks, {{ var('default_late_clicks') }}
                ) then 'clicks_without_impressions'
            when not claims.is_speaking then 'slice_claimed_twice'
        end as fault

    from performance
    left join {{ ref('int_slice_claims') }} as claims
        on
            performance.source = claims.source
            and performance.platform = claims.platform
            and performance.account_id = claims.account_id
            and performance.grain = claims.grain
            and performance.date_day = claims.date_day
    left join {{ ref('platforms') }} as platforms
        on performance.platform = platforms.platform
    left join rates
        on
            performance.currency = rates.currency
            and performance.date_day = rates.date_day

),

final as (

    select
        *,
        fault is not null as is_held,
        case
            when fault is not null then fault
            when fx_rate is not null then null
            when coalesce(cost_local, conversion_value_local) is null then null
            when coalesce(length(currency), 0) != 3 then 'unknown_currency'
            else 'no_exchange_rate'
        end as reason

    from judged

)

select * from final
