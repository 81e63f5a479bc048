-- one row per file or report that was read, the latest 200
select
    source,
    origin,
    status,
    detail,
    row_count,
    quarantined_count,
    strftime(first_date, '%Y-%m-%d') as first_day,
    strftime(last_date, '%Y-%m-%d') as last_day,
    strftime(read_at at time zone 'UTC', '%Y-%m-%d %H:%M') as read_at
from ops.loads
right join (select 1) as always on true
order by loads.read_at desc, source, origin
limit 200
