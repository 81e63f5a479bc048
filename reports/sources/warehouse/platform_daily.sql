-- one row per platform and day
select
    platform,
    coalesce(platform_name, platform) as platform_name,
    date_day,
    impressions,
    clicks,
    cast(cost as double) as cost,
    cast(conversions as double) as conversions,
    cast(conversion_value as double) as conversion_value,
    cast(is_complete as integer) as is_complete,
    cast(is_mature as integer) as is_mature
from marts.agg_platform_daily
left join marts.dim_platform using (platform)
right join (select 1) as always on true
order by date_day, platform
