-- one row per campaign, metric and day ahead
select
    left(md5(concat_ws('/', platform, account_id, campaign_id)), 12) as slug,
    metric,
    date_day,
    forecast_origin,
    value,
    lower,
    upper,
    model,
    backtest_error,
    seasonal_naive_error
from marts.fct_campaign_forecast
right join (select 1) as always on true
order by slug, metric, date_day
