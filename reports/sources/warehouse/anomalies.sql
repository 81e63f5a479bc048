-- one row per campaign, account or platform, day and metric that was flagged
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
    date_day,
    metric,
    case
        when metric = 'cost' then 'spend'
        when len(metric) > 4 then replace(metric, '_', ' ')
        else upper(metric)
    end as metric_name,
    case
        when metric in ('impressions', 'clicks') then '#,##0'
        when metric in ('ctr', 'cvr') then '0.00%'
        else '#,##0.00'
    end as fmt,
    anomaly_kind,
    value,
    expected,
    lower,
    upper,
    z_score,
    smallest_visible_change,
    cast(money_at_stake as double) as money_at_stake
from (
    select * from marts.fct_campaign_anomalies
    where is_anomaly
) as flagged
left join marts.dim_platform using (platform)
left join marts.dim_account using (platform, account_id)
right join (select 1) as always on true
order by date_day, platform, metric
