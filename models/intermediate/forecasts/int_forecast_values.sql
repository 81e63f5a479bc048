-- one row per delivering campaign, day up to its origin, and metric
with

days as (

    select * from {{ ref('int_campaign_days') }}

),

campaigns as (

    select * from {{ ref('int_forecast_campaigns') }}

),

-- Younger days tell too little of their conversions to be made whole.
shares as (

    select * from {{ ref('int_conversion_shares') }}
    where share >= {{ var('least_share_told') }}

),

whole as (

    select
        days.platform,
        days.account_id,
        days.campaign_id,
        campaigns.forecast_origin,
        days.date_day,
        days.clicks,
        {{ safe_divide('days.conversions', 'shares.share') }} as conversions,
        days.cost

    from days
    inner join campaigns
        on
            days.platform = campaigns.platform
            and days.account_id = campaigns.account_id
            and days.campaign_id = campaigns.campaign_id
            and days.date_day <= campaigns.forecast_origin
    left join shares
        on
            days.platform = shares.platform
            and days.account_id = shares.account_id
            and days.date_day = shares.date_day

),

final as (

    {% for metric in ['clicks', 'conversions', 'cost'] %}
    select
        platform,
        account_id,
        campaign_id,
        forecast_origin,
        '{{ metric }}' as metric,
        date_day,
        cast({{ metric }} as double) as value

    from whole
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select * from final
