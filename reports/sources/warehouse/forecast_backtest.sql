-- one row per metric and week ahead: what is used beside seasonal naive
select
    metric,
    if(metric = 'cost', 'spend', metric) as metric_name,
    horizon_week,
    used.days,
    used.error,
    naive.error as seasonal_naive_error,
    used.bias,
    used.interval_coverage,
    used.interval_level
from (
    select * from marts.fct_forecast_backtest
    where model = 'used'
) as used
inner join (
    select * from marts.fct_forecast_backtest
    where model = 'seasonal_naive'
) as naive using (metric, horizon_week)
right join (select 1) as always on true
order by metric, horizon_week
