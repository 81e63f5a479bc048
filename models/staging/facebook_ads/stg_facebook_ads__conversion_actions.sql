-- one row per campaign, day and action type
with

actions as (

    select * from {{ source('raw_facebook_ads', 'campaign_conversion_action') }}

),

final as (

    select
        'facebook_ads' as platform,
        account_id,
        campaign_id,
        action_type as conversion_action,
        action_type as conversion_action_name,
        date as date_day,
        is_chosen as is_counted,
        conversions,
        conversion_value as conversion_value_local

    from actions

)

select * from final
