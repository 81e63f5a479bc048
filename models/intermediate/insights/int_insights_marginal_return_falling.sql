-- one row per campaign whose further spend brings less and less
{#- Where spend hardly varied, its noise alone makes an elasticity look low. -#}
{% set least_spread = 0.15 %}
with

rule as (

    {{ insight_rule('marginal_return_falling') }}

),

judged as (

    select
        responses.*,
        coalesce(
            responses.weeks >= rule.min_events
            and responses.spread >= {{ least_spread }}
            and responses.weekly_cost_of_late > responses.weekly_cost
            and 4 * responses.weekly_cost_of_late >= rule.min_cost
            and responses.elasticity + rule.min_z * responses.standard_error
            <= 1 - rule.min_change,
            false
        ) as is_found

    from {{ ref('int_spend_responses') }} as responses
    cross join rule

),

found as (

    select
        *,
        {{ add_days('as_of_week', 6) }} as date_day,
        {{ add_days('first_week', 6) }} as first_day,
        case when elasticity > 0.1 then elasticity else 0.1 end as response,
        weeks_of_late * (weekly_cost_of_late - weekly_cost) * (
            1 - case when elasticity > 0 then elasticity else 0 end
        ) as impact_amount

    from ({{ current_findings('judged') }}) as current_findings

),

priced as (

    select
        *,
        average_cpa / response as next_cpa,
        10 * response as response_percent

    from found

),

final as (

    {{ insights(
        'priced', 'marginal_return_falling',
        ['elasticity', 'standard_error', 'weeks', 'spread', 'average_cpa',
         'next_cpa', 'weekly_cost', 'weekly_cost_of_late']
    ) }}

)

select * from final
