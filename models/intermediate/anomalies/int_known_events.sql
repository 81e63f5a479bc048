-- one row per series and day of its life on which an event is known
with

calendar as (

    select * from {{ ref('calendar') }}

),

time_zones as (

    select * from {{ ref('time_zones') }}

),

accounts as (

    select * from {{ ref('dim_account') }}

),

series as (

    select * from {{ ref('int_series_days') }}

),

events as (

    select
        accounts.platform,
        accounts.account_id,
        calendar.campaign_id,
        calendar.date_day,
        calendar.event_name

    from accounts
    left join time_zones on accounts.time_zone = time_zones.time_zone
    inner join calendar
        on
            (
                calendar.platform is null
                or accounts.platform = calendar.platform
            )
            and (
                calendar.account_id is null
                or accounts.account_id = calendar.account_id
            )
            and (
                calendar.country is null
                or time_zones.country = calendar.country
            )

),

final as (

    select
        series.platform,
        series.account_id,
        series.campaign_id,
        series.date_day,
        max(events.event_name) as event_name

    from series
    inner join events
        on
            series.platform = events.platform
            and series.date_day = events.date_day
            and series.account_id in (events.account_id, '{{ whole() }}')
            and (
                events.campaign_id is null
                or series.campaign_id in (events.campaign_id, '{{ whole() }}')
            )
    group by all

)

select * from final
