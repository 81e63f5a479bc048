-- one row per comparison, whole, metric, campaign and driver, the 100 largest
select
    left(md5(concat_ws('/', platform, account_id, campaign_id)), 12) as slug,
    comparison || ' ' || strftime(period_start, '%Y-%m-%d') as compared,
    comparison,
    if(scope = 'all', '', whole) as whole_platform,
    metric,
    driver,
    cast(contribution as double) as contribution,
    cast(campaign_value as double) as campaign_value,
    cast(campaign_previous_value as double) as campaign_previous_value,
    place
from (
    select
        *,
        row_number() over (
            partition by comparison, period_start, whole, metric
            order by abs(contribution) desc, account_id, campaign_id, driver
        ) as place
    from marts.fct_change_drivers
    where scope in ('all', 'platform') and contribution != 0
) as ranked
right join (select 1) as always on true
where place <= 100 or place is null
order by compared, whole_platform, metric, place
