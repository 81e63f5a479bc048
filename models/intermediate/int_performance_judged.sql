-- one row per row of an export, with the rule that it breaks
{% set reporting = "'" ~ var('reporting_currency') ~ "'" %}
with

performance as (

    select * from {{ ref('int_performance_checked') }}

),

claims as (

    select
        source,
        platform,
        account_id,
        grain,
        date_day,
        row_number() over (
            partition by platform, account_id, grain, date_day
            order by max(read_at) desc nulls last, source asc
        ) as claim

    from performance
    where fault is null
    group by source, platform, account_id, grain, date_day

),

converted as (

    select
        performance.*,
        claims.claim,
        case performance.currency
            when {{ reporting }} then 1
            else rates.fx_rate
        end as fx_rate,
        case performance.currency
            when {{ reporting }} then performance.date_day
            else rates.fx_rate_date
        end as fx_rate_date

    from performance
    left join claims
        on
            performance.source = claims.source
            and performance.platform = claims.platform
            and performance.account_id = claims.account_id
            and performance.grain = claims.grain
            and performance.date_day = claims.date_day
    left join {{ ref('int_exchange_rates_daily') }} as rates
        on
            performance.currency = rates.currency
            and performance.date_day = rates.date_day

),

final as (

    select
        *,
        coalesce(fault is not null or claim > 1, false) as is_held,
        case
            when fault is not null then fault
            when claim > 1 then 'slice_claimed_twice'
            when fx_rate is not null then null
            when coalesce(cost_local, conversion_value_local) is null then null
            when coalesce(length(currency), 0) != 3 then 'unknown_currency'
            else 'no_exchange_rate'
        end as reason

    from converted

)

select * from final
