-- one row per campaign and day it may deliver, conversions as they will be
with

days as (

    select * from {{ ref('int_campaign_days') }}

),

shares as (

    select * from {{ ref('int_conversion_shares') }}

),

-- Accounts east of others end their day first: a sum of some is no sum.
ends as (

    select
        platform,
        account_id,
        max(date_day) as last_day,
        max(max(date_day)) over (partition by platform) as platform_last_day

    from days
    group by platform, account_id

),

whole_days as (

    select
        platform,
        min(last_day) as last_day

    from ends
    where last_day >= {{ add_days('platform_last_day', -2) }}
    group by platform

),

-- Where no curve is known yet, all may have arrived or as little as the var.
final as (

    select
        days.*,
        days.conversions / coalesce(shares.share, 1) as settled_conversions,
        days.conversion_value / coalesce(shares.share, 1) as settled_value,
        coalesce(shares.share, 1) as share,
        coalesce(shares.share_low, {{ var('least_share_reported') }})
            as share_low,
        coalesce(shares.share_high, 1) as share_high,
        coalesce(shares.is_mature, false) as is_mature,
        days.date_day <= whole_days.last_day as is_whole

    from days
    inner join whole_days on days.platform = whole_days.platform
    left join shares
        on
            days.platform = shares.platform
            and days.account_id = shares.account_id
            and days.date_day = shares.date_day

)

select * from final
