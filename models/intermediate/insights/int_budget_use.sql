-- one row per campaign that still runs on a daily budget of its own
{% set campaign = 'platform, account_id, campaign_id' %}
{#- Spend this near to the budget is held by it; below, it clearly is not. -#}
{% set held, free = 0.95, 0.8 %}
with

rule as (

    {{ insight_rule('budget_limited_winner') }}

),

budgets as (

    select * from {{ ref('int_budgets_listed') }}
    where kind = 'daily' and is_active and amount > 0

),

running as (

    select * from {{ ref('int_running_campaigns') }}

),

days as (

    select
        days.*,
        budgets.amount,
        rule.days as days_asked,
        {{ days_between('days.date_day', 'max(days.date_day) over (
            partition by days.platform, days.account_id, days.campaign_id
        )') }} as days_ago,
        days.cost_local >= {{ held }} * budgets.amount as is_held,
        days.cost_local < {{ free }} * budgets.amount as is_free

    from {{ ref('fct_campaign_daily') }} as days
    {% for table in ['running', 'budgets'] %}
    inner join {{ table }}
        on
            days.platform = {{ table }}.platform
            and days.account_id = {{ table }}.account_id
            and days.campaign_id = {{ table }}.campaign_id
            {% if table == 'budgets' %}
            and days.currency = budgets.currency
            {% endif %}
    {% endfor %}
    cross join rule
    where days.is_complete

),

final as (

    select
        {{ campaign }},
        coalesce(
            {{ add_days('max(case when is_free then date_day end)', 1) }},
            min(date_day)
        ) as first_day,
        max(date_day) as date_day,
        max(currency) as currency,
        max(amount) as daily_budget,
        {{ latest('cast(fx_rate as ' ~ dbt.type_string() ~ ')') }} as rate_text,
        sum(case when is_held and days_ago < days_asked then 1 else 0 end)
            as days_held

    from days
    group by {{ campaign }}

)

select * from final
