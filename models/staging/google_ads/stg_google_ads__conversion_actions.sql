-- one row per campaign, day and conversion action
with

actions as (

    select * from {{ source('raw_google_ads', 'campaign_conversion_action') }}

),

final as (

    select
        'google_ads' as platform,
        account_id,
        campaign_id,
        conversion_action,
        conversion_action_name,
        date as date_day,
        true as is_counted,
        conversions,
        conversions_value as conversion_value_local

    from actions

)

select * from final
