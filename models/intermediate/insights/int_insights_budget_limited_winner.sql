-- one row per campaign that converts for less and is held back by its budget
with

rule as (

    {{ insight_rule('budget_limited_winner') }}

),

found as (

    select
        measured.*,
        uses.first_day,
        uses.date_day,
        uses.currency,
        uses.daily_budget,
        uses.days_held,
        rule.days,
        {{ add_days('measured.as_of_week', 6) }} as settled_day,
        0.2 * 28 * uses.daily_budget * cast(uses.rate_text as decimal(18, 12))
        * measured.advantage as impact_amount

    from {{ ref('int_cpa_beside_account') }} as measured
    inner join {{ ref('int_budget_use') }} as uses
        on
            measured.platform = uses.platform
            and measured.account_id = uses.account_id
            and measured.campaign_id = uses.campaign_id
    cross join rule
    where
        uses.days_held >= rule.min_events
        and measured.cost >= rule.min_cost
        and measured.advantage >= rule.min_change
        and measured.z_score >= rule.min_z

),

final as (

    {{ insights(
        'found', 'budget_limited_winner',
        ['daily_budget', 'currency', 'days_held', 'cpa_now', 'rest_cpa',
         'conversions', 'rest_conversions', 'z_score']
    ) }}

)

select * from final
