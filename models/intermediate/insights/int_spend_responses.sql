-- one row per campaign and week: how its conversions followed its spend
with

rule as (

    {{ insight_rule('marginal_return_falling') }}

),

points as (

    select
        pairs.*,
        ln(pairs.cost) as log_cost,
        ln(pairs.conversions) as log_conversions

    from {{ ref('int_insight_week_pairs') }} as pairs
    cross join rule
    where pairs.days_ago < rule.days and pairs.conversions > 0

),

fits as (

    select
        platform,
        account_id,
        campaign_id,
        as_of_week,
        max(days_ago) as oldest_days,
        count(*) as weeks,
        sum(cost) as cost,
        sum(conversions) as conversions,
        sum(case when days_ago < 28 then cost end) as cost_of_late,
        count(case when days_ago < 28 then cost end) as weeks_of_late,
        regr_slope(log_conversions, log_cost) as elasticity,
        regr_sxx(log_conversions, log_cost) as sxx,
        regr_syy(log_conversions, log_cost) as syy,
        avg(1 / conversions) as chance

    from points
    group by platform, account_id, campaign_id, as_of_week

),

final as (

    select
        *,
        cost / nullif(conversions, 0) as average_cpa,
        cost / weeks as weekly_cost,
        cost_of_late / nullif(weeks_of_late, 0) as weekly_cost_of_late,
        sqrt(sxx / weeks) as spread,
        sqrt(
            greatest(
                chance, (syy - elasticity * elasticity * sxx) / (weeks - 2)
            ) / nullif(sxx, 0)
        ) as standard_error

    from fits
    where weeks > 2

)

select * from final
