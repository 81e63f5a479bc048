-- one row per account and reason for which rows are held out of the totals
with

rule as (

    {{ insight_rule('held_rows') }}

),

held as (

    select
        coalesce(platform, source) as platform,
        coalesce(account_id, '{{ whole() }}') as account_id,
        reason,
        coalesce(date_day, cast(read_at as date)) as known_day,
        cost_held,
        currency

    from {{ ref('quarantined_rows') }}
    where reason not in ({{ without_rate() }})

),

converted as (

    select
        held.*,
        case
            when held.cost_held = 0 then 0
            else held.cost_held * rates.fx_rate
        end as cost

    from held
    left join {{ ref('int_exchange_rates_daily') }} as rates
        on held.currency = rates.currency and held.known_day = rates.date_day

),

grouped as (

    select
        platform,
        account_id,
        '{{ whole() }}' as campaign_id,
        reason,
        min(known_day) as first_day,
        max(known_day) as date_day,
        count(*) as held_rows,
        case when count(cost) = count(*) then sum(abs(cost)) end
            as impact_amount

    from converted
    group by platform, account_id, reason

),

found as (

    select
        grouped.*,
        replace(grouped.reason, '_', ' ') as reason_words,
        coalesce(
            {{ shown('grouped.impact_amount', 'money') }}, 'an unknown amount'
        ) as money_held

    from grouped
    cross join rule
    where grouped.held_rows >= rule.min_events

),

final as (

    {{ insights('found', 'held_rows', ['reason', 'held_rows'], ['reason']) }}

)

select * from final
