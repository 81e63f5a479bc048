-- one row per budget, period and day: where spend is heading, what is tolerated
with

to_date as (

    select * from {{ ref('int_budget_to_date') }}

),

rules as (

    select * from {{ ref('budget_rules') }}

),

projections as (

    {{ project_spend(ref('int_budget_habits'), 'to_date', 'budget_id') }}

),

-- Platforms tell what they may spend; no budget is missed by a small share.
limits as (

    select
        to_date.*,
        to_date.amount * rules.daily_multiple as daily_limit,
        coalesce({{ safe_divide(
            'rules.period_multiple',
            "case when rules.period = 'week' then 7 else days_of_month end"
        ) }}, 1) as platform_share

    from to_date
    left join rules
        on
            to_date.platform = rules.platform
            and to_date.origin = 'platform'
            and to_date.kind = 'daily'
            and to_date.date_day >= rules.valid_from
            and to_date.date_day <= coalesce(rules.valid_to, to_date.date_day)

),

final as (

    select
        limits.*,
        {% for name, sign, beyond in [
            ('tolerated', '+', '>'), ('lowest', '-', '<'),
        ] %}
        cast(
            limits.planned_total * (1 {{ sign }} {{ var('budget_tolerance') }})
            * case
                when limits.platform_share {{ beyond }} 1
                    then limits.platform_share
                else 1
            end as decimal(38, 9)
        ) as {{ name }}_total,
        {% endfor %}
        case
            when limits.days_left + limits.days_unread = 0 then 0
            else {{ estimated_money('projections.expected') }}
        end as expected,
        case
            when limits.days_left + limits.days_unread = 0 then 0
            else {{ estimated_money('projections.margin') }}
        end as margin

    from limits
    left join projections
        on
            limits.budget_id = projections.budget_id
            and limits.date_day = projections.date_day

)

select * from final
