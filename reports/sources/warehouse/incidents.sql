-- one row per incident: flagged figures that have one cause
select
    case
        when level = 'campaign'
            then left(md5(concat_ws('/', platform, account_id, campaign_id)), 12)
    end as slug,
    platform,
    case level
        when 'campaign' then coalesce(campaign_name, campaign_id)
        when 'account'
            then coalesce(account_name, account_id) || ' (whole account)'
        else coalesce(platform_name, platform) || ' (whole platform)'
    end as what,
    coalesce(platform_name, platform) as platform_name,
    incidents.first_day,
    incidents.last_day,
    day_count,
    is_open,
    replace(cause, '_', ' ') as cause,
    case
        when metric = 'cost' then 'spend'
        when len(metric) > 4 then replace(metric, '_', ' ')
        else upper(metric)
    end || ' ' || anomaly_kind as strongest,
    case
        when metric in ('impressions', 'clicks') then '#,##0'
        when metric in ('ctr', 'cvr') then '0.00%'
        else '#,##0.00'
    end as fmt,
    value,
    expected,
    figures,
    cast(money_at_stake as double) as money
from marts.fct_anomaly_incidents as incidents
left join marts.dim_platform using (platform)
left join marts.dim_account using (platform, account_id)
right join (select 1) as always on true
order by incidents.first_day, platform, what
