-- one row per account, report and grain
with coverage as (
    select
        platform,
        account_id,
        report,
        grain,
        count(if(status = 'loaded', 1, null)) as loaded,
        count(if(status = 'empty', 1, null)) as empty,
        count(if(status not in ('loaded', 'empty'), 1, null)) as missing,
        strftime(min(date_day), '%Y-%m-%d') as first_day,
        strftime(max(date_day), '%Y-%m-%d') as last_day,
        strftime(max(read_at at time zone 'UTC'), '%Y-%m-%d %H:%M') as read_at
    from ops.fct_coverage
    group by all
)

select
    coverage.*,
    coalesce(dim_platform.platform_name, coverage.platform) as platform_name,
    coalesce(dim_account.account_name, coverage.account_id) as account_name,
    dim_account.currency,
    dim_account.time_zone
from coverage
left join marts.dim_platform using (platform)
left join marts.dim_account using (platform, account_id)
right join (select 1) as always on true
order by platform, account_id, report, grain
