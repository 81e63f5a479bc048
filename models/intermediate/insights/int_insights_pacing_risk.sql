-- one row per budget that its period will miss
with

rule as (

    {{ insight_rule('pacing_risk') }}

),

pacing as (

    select
        *,
        max(date_day) over (partition by budget_id) as budget_last_day,
        max(date_day) over (partition by platform) as last_day,
        abs(projected_total - planned_total) as gap,
        days_total - days_passed as days_left

    from {{ ref('fct_budget_pacing') }}

),

-- Of the budgets that are still being spent, as of their last day.
missed as (

    select * from pacing
    where
        date_day = budget_last_day
        and {{ days_between('date_day', 'last_day') }}
        <= {{ var('silent_days') }}
        and status in ('over', 'under')

),

found as (

    select
        {% for column in [
            'budget_id', 'platform', 'period_end', 'date_day', 'currency',
            'status', 'planned_total', 'spent_to_date', 'projected_total',
            'lower_total', 'upper_total', 'gap',
        ] %}
        missed.{{ column }},
        {% endfor %}
        coalesce(missed.account_id, '{{ whole() }}') as account_id,
        coalesce(missed.campaign_id, '{{ whole() }}') as campaign_id,
        missed.period_start as first_day,
        missed.gap * missed.fx_rate as impact_amount,
        case missed.status when 'over' then 'more' else 'less' end as direction,
        case missed.status when 'over' then rule.severity else 'info' end
            as severity,
        case
            when missed.planned_total <= missed.spent_to_date then 0
            else {{ safe_divide(
                '(missed.planned_total - missed.spent_to_date)',
                'missed.days_left',
            ) }}
        end as daily_rest

    from missed
    cross join rule
    where
        missed.days_passed >= rule.min_events
        and missed.gap >= rule.min_change * missed.planned_total
        and missed.days_left > 0

),

final as (

    {{ insights(
        'found', 'pacing_risk',
        ['budget_id', 'status', 'currency', 'planned_total', 'spent_to_date',
         'projected_total', 'lower_total', 'upper_total', 'daily_rest'],
        ['budget_id'], severity='severity'
    ) }}

)

select * from final
