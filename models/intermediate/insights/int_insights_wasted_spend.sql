-- one row per campaign that goes on spending and converts no more
with

rule as (

    {{ insight_rule('wasted_spend') }}

),

days as (

    select
        *,
        max(date_day) over (partition by platform, account_id) as last_day

    from {{ ref('int_insight_days') }}

),

accounts as (

    select
        platform,
        account_id,
        {{ safe_divide('sum(cost)', 'sum(conversions)') }} as account_cpa

    from days
    where
        {{ days_between('date_day', 'last_day') }}
        < (select rule.days from rule)
    group by platform, account_id

),

priced as (

    select
        streaks.*,
        greatest(
            accounts.account_cpa, coalesce(streaks.own_cpa, 0)
        ) as usual_cpa

    from {{ ref('int_insight_streaks') }} as streaks
    inner join accounts
        on
            streaks.platform = accounts.platform
            and streaks.account_id = accounts.account_id
    where accounts.account_cpa is not null

),

found as (

    select
        priced.*,
        priced.cost as impact_amount,
        priced.cost / priced.usual_cpa as expected_conversions

    from priced
    cross join rule
    where
        priced.cost >= rule.min_cost
        and priced.cost >= rule.min_events * priced.usual_cpa

),

final as (

    {{ insights(
        'found', 'wasted_spend',
        ['cost', 'clicks', 'usual_cpa', 'expected_conversions']
    ) }}

)

select * from final
