-- one row per platform, account, campaign, ad group and ad with figures
with

months as (

    select * from {{ ref('int_ad_months') }}

),

listed as (

    {{ listed_by_api('ads') }}

),

seen as (

    select
        platform,
        account_id,
        campaign_id,
        ad_group_id,
        ad_id,
        {{ latest('ad_group_name') }} as ad_group_name,
        {{ latest('ad_name') }} as ad_name,
        min(first_day) as first_day,
        max(last_day) as last_day

    from months
    group by platform, account_id, campaign_id, ad_group_id, ad_id

),

final as (

    select
        seen.platform,
        seen.account_id,
        seen.campaign_id,
        seen.ad_group_id,
        seen.ad_id,
        coalesce(listed.ad_group_name, seen.ad_group_name) as ad_group_name,
        coalesce(listed.ad_name, seen.ad_name) as ad_name,
        listed.status,
        seen.first_day,
        seen.last_day

    from seen
    left join listed
        on
            seen.platform = listed.platform
            and seen.account_id = listed.account_id
            and seen.campaign_id = listed.campaign_id
            and seen.ad_group_id = listed.ad_group_id
            and seen.ad_id = listed.ad_id

)

select * from final
