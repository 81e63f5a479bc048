-- one row per campaign and week: its CPA of late beside that of before
with

rule as (

    {{ insight_rule('cpa_drift') }}

),

sums as (

    select
        pairs.platform,
        pairs.account_id,
        pairs.campaign_id,
        pairs.as_of_week,
        pairs.age_days < rule.days as is_recent,
        count(*) as weeks,
        sum(pairs.cost) as cost,
        sum(pairs.conversions) as conversions,
        sum(pairs.conversions * pairs.conversions / pairs.cost) as squares

    from {{ ref('int_insight_week_pairs') }} as pairs
    cross join rule
    where pairs.age_days < 2 * rule.days
    group by
        pairs.platform,
        pairs.account_id,
        pairs.campaign_id,
        pairs.as_of_week,
        pairs.age_days < rule.days

),

-- Conversions vary from week to week by more than chance alone: by how much?
strays as (

    select
        *,
        squares * cost / nullif(conversions, 0) - conversions as stray

    from sums

),

final as (

    select
        recent.platform,
        recent.account_id,
        recent.campaign_id,
        recent.as_of_week,
        recent.cost,
        recent.conversions,
        recent.cost / nullif(recent.conversions, 0) as cpa_now,
        earlier.conversions as conversions_before,
        earlier.cost / nullif(earlier.conversions, 0) as cpa_before,
        greatest(
            1,
            (recent.stray + earlier.stray) / (recent.weeks + earlier.weeks - 2)
        ) as dispersion

    from strays as recent
    inner join strays as earlier
        on
            recent.platform = earlier.platform
            and recent.account_id = earlier.account_id
            and recent.campaign_id = earlier.campaign_id
            and recent.as_of_week = earlier.as_of_week
            and recent.is_recent
            and not earlier.is_recent
    where recent.weeks + earlier.weeks > 2

)

select * from final
