-- one row per budget, period and day of it: planned, spent, where it is heading
with

projections as (

    select
        *,
        spent_to_date + expected as projected_total,
        spent_to_date + case
            when expected > margin then expected - margin
            when margin is not null then 0
        end as lower_total,
        spent_to_date + expected + margin as upper_total

    from {{ ref('int_budget_projections') }}

),

rates as (

    select * from {{ ref('int_exchange_rates_daily') }}

),

final as (

    select
        {% for fact in budget_facts() + ['period_start', 'period_end'] %}
        projections.{{ fact }},
        {% endfor %}
        projections.date_day,

        -- by then, in the budget's currency
        {% for figure in [
            'amount', 'planned_to_date', 'planned_total', 'tolerated_total', 'spend',
            'spent_to_date', 'projected_total', 'lower_total', 'upper_total',
            'daily_limit',
        ] %}
        cast(projections.{{ figure }} as decimal(38, 9)) as {{ figure }},
        {% endfor %}
        projections.pace,

        -- trust
        {% for figure in ['days_total', 'days_passed', 'days_read'] %}
        cast(projections.{{ figure }} as bigint) as {{ figure }},
        {% endfor %}
        days_read = days_passed as is_complete,
        {{ safe_divide('days_passed', 'days_total') }} as time_share,
        cast(
            case
                when projections.currency = '{{ var("reporting_currency") }}'
                    then 1
                else rates.fx_rate
            end as decimal(18, 12)
        ) as fx_rate,

        -- verdict
        projections.spend > projections.daily_limit as is_over_daily_limit,
        case
            when
                projections.planned_total is null or projections.days_read = 0
                then 'unknown'
            when projections.spent_to_date > projections.tolerated_total
                then 'over'
            when projections.lower_total is null then 'unknown'
            when projections.lower_total > projections.tolerated_total
                then 'over'
            when projections.upper_total < projections.lowest_total then 'under'
            else 'on_track'
        end as status

    from projections
    left join rates
        on
            projections.currency = rates.currency
            and projections.date_day = rates.date_day

)

select * from final
