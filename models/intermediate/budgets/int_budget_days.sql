-- one row per budget, period and day up to the last one of its accounts
{{ config(materialized='view') }}
{% set facts = budget_facts() + ['first_day', 'last_day'] %}
{% set eve = add_days('budgets.known_from', -1) %}
{% set unknown = period_start('month', 'least(until, ' ~ eve ~ ')') %}
{% set month = period_start('month', 'spend.date_day') %}
{% set month_end = period_end('month', 'spend.date_day') %}
with

budgets as (

    select * from {{ ref('int_budgets') }}

),

spend as (

    select
        *,
        max(date_day) over (partition by budget_id) as until

    from {{ ref('int_budget_spend') }}

),

-- Nothing is known of a platform's budget before it was seen.
in_force as (

    select
        {% for fact in facts %}
        budgets.{{ fact }},
        {% endfor %}
        spend.date_day,
        spend.spend,
        case when spend.date_day >= budgets.valid_from then budgets.amount end
            as amount,
        case
            when spend.date_day < budgets.known_from then {{ month }}
            else greatest({{ month }}, budgets.known_from)
        end as month_start,
        case
            when spend.date_day < budgets.known_from
                then least({{ month_end }}, {{ eve }})
            when budgets.origin = 'platform' or budgets.valid_to is null
                then {{ month_end }}
            else least({{ month_end }}, budgets.valid_to)
        end as month_end

    from budgets
    inner join spend
        on
            budgets.budget_id = spend.budget_id
            and coalesce(budgets.valid_to, spend.date_day) >= spend.date_day
            and (
                budgets.valid_from <= spend.date_day
                or budgets.origin = 'platform'
                and budgets.valid_from = budgets.known_from
                and (
                    budgets.kind = 'flight'
                    or {{ unknown }} <= spend.date_day
                )
            )

),

final as (

    select
        *,
        case when kind = 'flight' then first_day else month_start end
            as period_start,
        case when kind = 'flight' then last_day else month_end end
            as period_end

    from in_force
    where kind != 'flight' or date_day between first_day and last_day

)

select * from final
