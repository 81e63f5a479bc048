-- one row per ad that is clicked less and less while the others hold
with

rule as (

    {{ insight_rule('creative_fatigue') }}

),

ads as (

    select * from {{ ref('dim_ad') }}

),

found as (

    select
        wear.*,
        ads.first_day,
        {{ add_days('wear.last_week', 6) }} as date_day,
        1 - wear.last_ctr / wear.first_ctr as fall,
        cast(wear.last_cost as double) * (1 - wear.last_ctr / wear.first_ctr)
            as impact_amount

    from {{ ref('int_ad_wear') }} as wear
    inner join ads
        on
            wear.platform = ads.platform
            and wear.account_id = ads.account_id
            and wear.campaign_id = ads.campaign_id
            and wear.ad_group_id = ads.ad_group_id
            and wear.ad_id = ads.ad_id
    cross join rule
    where
        wear.first_clicks >= rule.min_events
        and wear.last_clicks >= rule.min_events
        and wear.last_cost >= rule.min_cost
        and wear.last_ctr <= (1 - rule.min_change) * wear.first_ctr
        and wear.last_other_ctr
        >= (1 - rule.min_change / 2) * wear.first_other_ctr
        and wear.z_score <= -rule.min_z

),

final as (

    {{ insights(
        'found', 'creative_fatigue',
        ['ad_group_id', 'ad_id', 'first_ctr', 'last_ctr', 'first_other_ctr',
         'last_other_ctr', 'last_clicks', 'last_cost', 'weeks', 'z_score'],
        ['ad_group_id', 'ad_id']
    ) }}

)

select * from final
