-- one row per campaign and week or month that was exported as a whole
with periods as (
    select *, week_start as period_start
    from marts.agg_campaign_weekly
    where source_grain = 'week'
    union all by name
    select *, month_start as period_start
    from marts.agg_campaign_monthly
    where source_grain = 'month'
)

select
    left(md5(concat_ws('/', platform, account_id, campaign_id)), 12) as slug,
    platform,
    source_grain,
    period_start,
    impressions,
    clicks,
    cast(cost as double) as cost,
    cast(conversions as double) as conversions,
    cast(conversion_value as double) as conversion_value
from periods
right join (select 1) as always on true
order by platform, period_start
