-- one row: how fresh and complete the snapshot is
with account_days as (
    select
        platform,
        account_id,
        date_day,
        min(if(status in ('loaded', 'empty'), 1, 0)) as is_loaded
    from ops.fct_coverage
    where grain = 'day'
    group by all
),

held as (
    select
        coalesce(currency, 'in an unknown currency') as currency,
        cast(sum(cost_held) as double) as amount
    from ops.quarantined_rows
    group by all
    having sum(cost_held) > 0
)

select
    'USD' as currency, -- the warehouse's var reporting_currency
    strftime(min(date_day), '%Y-%m-%d') as first_day,
    strftime(max(date_day), '%Y-%m-%d') as last_day,
    (
        select strftime(max(finished_at at time zone 'UTC'), '%Y-%m-%d %H:%M')
        from ops.builds
        where status = 'success'
    ) as built_at,
    (select count(*) from account_days) as account_days,
    (select sum(is_loaded) from account_days) as account_days_loaded,
    (select count(*) from ops.quarantined_rows) as quarantined_rows,
    (
        select
            string_agg(
                format('{:,.2f} {}', amount, currency), ', ' order by currency
            )
        from held
    ) as money_held
from marts.agg_platform_daily
