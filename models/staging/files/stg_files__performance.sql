-- one row per row of an export, as written
with

performance as (

    select * from {{ source('raw_files', 'performance') }}

),

final as (

    select
        -- where it was read
        source,
        part,
        origin,
        line,

        -- ids
        platform,
        account_id,
        campaign_id,
        ad_group_id,
        ad_id,

        -- names
        account_name,
        campaign_name,
        ad_group_name,
        ad_name,
        currency,
        time_zone,
        channel,
        device,
        country,

        -- time
        grain,
        date as date_day,

        -- measures, money in account currency
        impressions,
        clicks,
        cost as cost_local,
        conversions,
        conversion_value as conversion_value_local

    from performance

)

select * from final
