-- one row per campaign that still runs
with

campaigns as (

    select * from {{ ref('dim_campaign') }}
    where not {{ is_ended('status') }}

),

accounts as (

    select * from {{ ref('dim_account') }}

),

final as (

    select
        campaigns.platform,
        campaigns.account_id,
        campaigns.campaign_id,
        coalesce(campaigns.campaign_name, campaigns.campaign_id)
            as campaign_name,
        campaigns.channel,
        campaigns.first_day as campaign_first_day

    from campaigns
    inner join accounts
        on
            campaigns.platform = accounts.platform
            and campaigns.account_id = accounts.account_id
    where
        {{ days_between('campaigns.last_day', 'accounts.last_day') }}
        <= {{ var('silent_days') }}

)

select * from final
