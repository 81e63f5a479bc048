-- one row per source, reason and currency
with quarantine as (
    select
        source,
        platform,
        reason,
        currency,
        count(*) as row_count,
        cast(sum(cost_held) as double) as cost_held,
        min(detail) as example,
        min(origin) as origin
    from ops.quarantined_rows
    group by all
)

select
    quarantine.*,
    coalesce(dim_platform.platform_name, quarantine.platform, 'not known')
        as platform_name
from quarantine
left join marts.dim_platform using (platform)
right join (select 1) as always on true
order by row_count desc, source, reason
