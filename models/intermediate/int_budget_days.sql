-- one row per budget, period and day up to the last one of its accounts
{{ config(materialized='view') }}
{% set facts = [
    'budget_id', 'origin', 'platform', 'account_id', 'campaign_id', 'kind',
    'currency', 'known_from', 'first_day', 'last_day',
] %}
{% set month = period_start('month', 'spend.date_day') %}
{% set month_end = period_end('month', 'spend.date_day') %}
with

budgets as (

    select
        *,
        valid_from = min(valid_from) over (partition by budget_id)
        and origin = 'platform' as is_first_seen

    from {{ ref('int_budgets') }}

),

spend as (

    select
        *,
        max(date_day) over (partition by budget_id) as last_day

    from {{ ref('int_budget_spend') }}

),

-- A budget changed later says nothing of the days before.
in_force as (

    select
        {% for fact in facts %}
        budgets.{{ fact }},
        {% endfor %}
        budgets.amount,
        spend.date_day,
        spend.spend,
        greatest({{ month }}, budgets.known_from) as month_start,
        case
            when budgets.origin = 'platform' then {{ month_end }}
            else least({{ month_end }}, coalesce(valid_to, {{ month_end }}))
        end as month_end

    from budgets
    inner join spend
        on
            budgets.budget_id = spend.budget_id
            and spend.date_day >= budgets.valid_from
            and spend.date_day <= coalesce(budgets.valid_to, spend.date_day)
    union all
    -- What a platform's budget was before it was seen is not known.
    select
        {% for fact in facts %}
        budgets.{{ fact }},
        {% endfor %}
        cast(null as decimal(38, 9)) as amount,
        spend.date_day,
        spend.spend,
        {{ month }} as month_start,
        least({{ month_end }}, {{ add_days('budgets.known_from', -1) }})
            as month_end

    from budgets
    inner join spend on budgets.budget_id = spend.budget_id
    where
        budgets.is_first_seen
        and spend.date_day < budgets.known_from
        and (
            budgets.kind = 'flight' or spend.date_day >= {{ period_start(
                'month',
                'least(spend.last_day, ' ~ add_days('known_from', -1) ~ ')'
            ) }}
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
