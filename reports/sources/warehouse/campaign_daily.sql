-- one row per campaign and day; slug identifies the campaign
select
    left(md5(concat_ws('/', platform, account_id, campaign_id)), 12) as slug,
    date_day,
    impressions,
    clicks,
    cast(cost as double) as cost,
    cast(conversions as double) as conversions,
    cast(conversion_value as double) as conversion_value,
    cast(is_complete as integer) as is_complete,
    cast(is_mature as integer) as is_mature
from marts.fct_campaign_daily
right join (select 1) as always on true
order by slug, date_day
