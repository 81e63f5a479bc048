-- one row per campaign and day that the platform reported
with

campaigns as (

    select * from {{ source('raw_google_ads', 'campaign') }}

),

accounts as (

    select * from {{ source('raw_google_ads', 'accounts') }}

),

final as (

    select
        -- where it was read
        'google_ads' as source,
        '' as part,
        'campaign' as origin,
        cast(null as bigint) as line,

        -- ids
        'google_ads' as platform,
        campaigns.account_id,
        campaigns.campaign_id,
        cast(null as {{ dbt.type_string() }}) as ad_group_id,
        cast(null as {{ dbt.type_string() }}) as ad_id,

        -- names
        accounts.account_name,
        campaigns.campaign_name,
        cast(null as {{ dbt.type_string() }}) as ad_group_name,
        cast(null as {{ dbt.type_string() }}) as ad_name,
        accounts.currency,
        accounts.time_zone,
        {{ known_channel('campaigns.advertising_channel_type') }} as channel,
        cast(null as {{ dbt.type_string() }}) as device,
        cast(null as {{ dbt.type_string() }}) as country,

        -- time
        'day' as grain,
        campaigns.date as date_day,

        -- measures, money in account currency
        campaigns.impressions,
        campaigns.clicks,
        {{ from_micros('campaigns.cost_micros') }} as cost_local,
        campaigns.conversions,
        campaigns.conversions_value as conversion_value_local

    from campaigns
    left join accounts
        on campaigns.account_id = accounts.account_id

)

select * from final
