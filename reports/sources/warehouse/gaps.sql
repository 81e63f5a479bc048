-- one row per account, report and reason why days are missing
with gaps as (
    select
        platform,
        account_id,
        report,
        status,
        detail,
        count(*) as days,
        strftime(min(date_day), '%Y-%m-%d') as first_day,
        strftime(max(date_day), '%Y-%m-%d') as last_day
    from ops.fct_coverage
    where status not in ('loaded', 'empty')
    group by all
)

select
    gaps.*,
    coalesce(dim_platform.platform_name, gaps.platform) as platform_name,
    coalesce(dim_account.account_name, gaps.account_id) as account_name
from gaps
left join marts.dim_platform using (platform)
left join marts.dim_account using (platform, account_id)
right join (select 1) as always on true
order by days desc, platform, account_id, report
