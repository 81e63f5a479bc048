-- one row per file or account that was read, the latest 200
select
    coalesce(dim_platform.platform_name, loads.source) as source,
    coalesce(dim_account.account_name, loads.origin) as origin,
    loads.status,
    loads.detail,
    loads.row_count,
    loads.quarantined_count,
    strftime(loads.first_date, '%Y-%m-%d') as first_day,
    strftime(loads.last_date, '%Y-%m-%d') as last_day,
    strftime(loads.read_at at time zone 'UTC', '%Y-%m-%d %H:%M') as read_at
from ops.loads
left join marts.dim_platform on loads.source = dim_platform.platform
left join marts.dim_account
    on loads.source = dim_account.platform
    and loads.origin = dim_account.account_id
right join (select 1) as always on true
order by loads.read_at desc, loads.source, loads.origin
limit 200
