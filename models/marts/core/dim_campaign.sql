-- one row per platform, account and campaign
with

periods as (

    select * from {{ ref('int_campaign_periods') }}

),

listed as (

    {{ listed_by_api('campaigns') }}

),

seen as (

    select
        platform,
        account_id,
        campaign_id,
        {{ latest('campaign_name') }} as campaign_name,
        {{ latest('channel') }} as channel,
        min(date_day) as first_day,
        max({{ last_day_of_row() }}) as last_day

    from periods
    group by platform, account_id, campaign_id

),

final as (

    select
        seen.platform,
        seen.account_id,
        seen.campaign_id,
        coalesce(listed.campaign_name, seen.campaign_name) as campaign_name,
        coalesce(listed.channel, seen.channel) as channel,
        listed.status,
        seen.first_day,
        seen.last_day

    from seen
    left join listed
        on
            seen.platform = listed.platform
            and seen.account_id = listed.account_id
            and seen.campaign_id = listed.campaign_id

)

select * from final
