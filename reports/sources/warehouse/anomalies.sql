-- one row per campaign, day and metric that was flagged
select
    left(md5(concat_ws('/', platform, account_id, campaign_id)), 12) as slug,
    platform,
    date_day,
    metric,
    if(metric = 'cost', 'spend', replace(metric, '_', ' ')) as metric_name,
    case
        when metric in ('impressions', 'clicks') then '#,##0'
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
right join (select 1) as always on true
order by date_day, platform, metric
