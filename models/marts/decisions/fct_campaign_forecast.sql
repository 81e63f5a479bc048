-- one row per platform, account, campaign, metric and day ahead
with

bands as (

    select * from {{ ref('int_forecast_bands') }}
    where weeks_ago = 0

),

series as (

    select * from {{ ref('int_forecast_series') }}

),

choices as (

    select * from {{ ref('int_forecast_choices') }}
    where weeks_ago = 0

),

campaigns as (

    select * from {{ ref('dim_campaign') }}

),

final as (

    select
        -- ids
        series.platform,
        series.account_id,
        series.campaign_id,
        campaigns.campaign_name,
        series.metric,

        -- when
        {{ add_days('series.forecast_origin', 'bands.horizon_days') }}
            as date_day,
        series.forecast_origin,
        cast(bands.horizon_days as bigint) as horizon_days,

        -- what is expected
        bands.value,
        bands.lower,
        bands.upper,
        cast({{ var('interval_level') }} as double) as interval_level,

        -- how far to trust it
        bands.model,
        {{ relative_error('choices.squared_error', 'choices') }}
            as backtest_error,
        {{ relative_error('choices.naive_squared_error', 'choices') }}
            as seasonal_naive_error,
        choices.squared_error < choices.naive_squared_error as beats_naive,
        cast(series.trained_days as bigint) as trained_days,
        series.trained_until

    from bands
    inner join series on bands.series_id = series.series_id
    inner join choices on bands.series_id = choices.series_id
    inner join campaigns
        on
            series.platform = campaigns.platform
            and series.account_id = campaigns.account_id
            and series.campaign_id = campaigns.campaign_id
    -- What was stopped since its last day is not expected to go on.
    where coalesce(campaigns.status, '') not in (
        'paused', 'removed', 'deleted', 'archived'
    )

)

select * from final
