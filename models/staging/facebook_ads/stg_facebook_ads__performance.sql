-- one row per campaign and day that the platform reported
with

campaigns as (

    select * from {{ source('raw_facebook_ads', 'campaign') }}

),

accounts as (

    select * from {{ source('raw_facebook_ads', 'accounts') }}

),

final as (

    select
        -- where it was read
        'facebook_ads' as source,
        '' as part,
        'campaign' as origin,
        cast(null as bigint) as line,

        -- ids
        'facebook_ads' as platform,
        campaigns.account_id,
        campaigns.campaign_id,
        cast(null as {{ dbt.type_string() }}) as ad_group_id,
        cast(null as {{ dbt.type_string() }}) as ad_id,

        -- names
        accounts.account_name,
        campaigns.campaign_name,
        cast(null as {{ dbt.type_string() }}) as ad_group_name,
        cast(null as {{ dbt.type_string() }}) as ad_name,
        coalesce(campaigns.account_currency, accounts.currency) as currency,
        accounts.time_zone,
        'social' as channel,
        cast(null as {{ dbt.type_string() }}) as device,
        cast(null as {{ dbt.type_string() }}) as country,

        -- time
        'day' as grain,
        campaigns.date as date_day,

        -- measures, money in account currency
        campaigns.impressions,
        campaigns.inline_link_clicks as clicks,
        campaigns.spend as cost_local,
        campaigns.conversions,
        campaigns.conversion_value as conversion_value_local

    from campaigns
    left join accounts
        on campaigns.account_id = accounts.account_id

)

select * from final
