-- one row per comparison, whole, metric and driver
select
    comparison || ' ' || strftime(period_start, '%Y-%m-%d') as compared,
    case comparison
        when 'last_7_days' then 'Last 7 days, against the 7 before'
        when 'last_28_days' then 'Last 28 days, against the 28 before'
        when 'last_month' then strftime(period_start, 'Month %Y-%m, against the month before')
        else strftime(period_start, 'Week from %Y-%m-%d, against the week before')
    end as comparison_name,
    comparison,
    strftime(period_start, '%Y-%m-%d') as period_start,
    strftime(period_end, '%Y-%m-%d') as period_end,
    strftime(previous_start, '%Y-%m-%d') as previous_start,
    strftime(previous_end, '%Y-%m-%d') as previous_end,
    if(scope = 'all', '', whole) as platform,
    coalesce(dim_platform.platform_name, whole) as platform_name,
    metric,
    driver,
    cast(sum(contribution) as double) as contribution,
    cast(max(value) as double) as value,
    cast(max(previous_value) as double) as previous_value,
    cast(max(change) as double) as change,
    max(account_days - account_days_read) as unread,
    max(previous_account_days - previous_account_days_read) as previous_unread,
    max(cast(is_mature and previous_is_mature as integer)) as is_mature
from (
    select * from marts.fct_change_drivers
    where scope in ('all', 'platform')
) as drivers
left join marts.dim_platform
    on drivers.whole = dim_platform.platform
right join (select 1) as always on true
group by all
order by compared, platform, metric, driver
