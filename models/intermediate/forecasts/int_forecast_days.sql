-- one row per series and day from its first known day to its last
{{ config(materialized='view') }}
with

daily as (

    select * from {{ ref('int_forecast_values') }}

),

series as (

    select * from {{ ref('int_forecast_series') }}

),

final as (

    select
        series.series_id,
        {{ days_between('series.first_day', 'daily.date_day') }}
            as day_number,
        series.blind_days,
        daily.value

    from daily
    inner join series
        on
            daily.platform = series.platform
            and daily.account_id = series.account_id
            and daily.campaign_id = series.campaign_id
            and daily.metric = series.metric
            and daily.date_day between series.first_day
            and series.trained_until

)

select * from final
