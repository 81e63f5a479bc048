-- one row per campaign, account as a whole and platform as a whole: its name
with

platforms as (

    select * from {{ ref('dim_platform') }}

),

accounts as (

    select
        accounts.platform,
        accounts.account_id,
        coalesce(accounts.account_name, accounts.account_id) as account_name,
        platforms.platform_name

    from {{ ref('dim_account') }} as accounts
    inner join platforms on accounts.platform = platforms.platform

),

campaigns as (

    select
        campaigns.platform,
        campaigns.account_id,
        campaigns.campaign_id,
        accounts.account_name,
        accounts.platform_name,
        coalesce(campaigns.campaign_name, campaigns.campaign_id)
            as campaign_name

    from {{ ref('dim_campaign') }} as campaigns
    inner join accounts
        on
            campaigns.platform = accounts.platform
            and campaigns.account_id = accounts.account_id

),

final as (

    select
        platform,
        account_id,
        campaign_id,
        campaign_name as name,
        'Campaign “' || campaign_name || '” (account ' || account_name || ', '
        || platform_name || ')' as subject

    from campaigns
    union all
    select
        platform,
        account_id,
        '{{ whole() }}' as campaign_id,
        account_name as name,
        'Account ' || account_name || ' (' || platform_name || ')' as subject

    from accounts
    union all
    select
        platform,
        '{{ whole() }}' as account_id,
        '{{ whole() }}' as campaign_id,
        platform_name as name,
        platform_name || ' as a whole' as subject

    from platforms

)

select * from final
