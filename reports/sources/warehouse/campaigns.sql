-- one row per campaign; the 60 with the highest spend have a page of their own
with spend as (
    select platform, account_id, campaign_id, sum(cost) as cost
    from marts.fct_campaign_daily
    group by all
),

campaigns as (
    select
        dim_campaign.*,
        left(
            md5(concat_ws(
                '/', platform, account_id, dim_campaign.campaign_id
            )),
            12
        ) as slug,
        row_number() over (
            order by
                spend.cost desc nulls last,
                platform,
                account_id,
                dim_campaign.campaign_id
        ) as spend_rank
    from marts.dim_campaign
    left join spend using (platform, account_id, campaign_id)
)

select
    campaigns.slug,
    if(spend_rank <= 60, '/campaigns/', '/campaigns/choose/?id=')
    || slug
    || if(spend_rank <= 60, '/', '') as href,
    spend_rank,
    campaigns.platform,
    coalesce(dim_platform.platform_name, campaigns.platform) as platform_name,
    campaigns.account_id,
    coalesce(dim_account.account_name, campaigns.account_id) as account_name,
    campaigns.campaign_id,
    coalesce(campaigns.campaign_name, campaigns.campaign_id) as campaign_name,
    coalesce(campaigns.channel, 'not stated') as channel,
    strftime(campaigns.first_day, '%Y-%m-%d') as first_day,
    strftime(campaigns.last_day, '%Y-%m-%d') as last_day
from campaigns
left join marts.dim_platform using (platform)
left join marts.dim_account using (platform, account_id)
right join (select 1) as always on true
order by spend_rank
