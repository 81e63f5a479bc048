-- one row per campaign that still runs, and whole week of settled, calm days
with

days as (

    select
        *,
        {{ period_start('week', 'date_day') }} as week_start

    from {{ ref('int_insight_days') }}

),

incidents as (

    select * from {{ ref('fct_anomaly_incidents') }}

),

-- What an incident explains is told by its own insight.
calm as (

    select days.*
    from days
    where not exists (
        select 1
        from incidents
        where
            incidents.platform = days.platform
            and incidents.account_id in (days.account_id, '{{ whole() }}')
            and incidents.campaign_id in (days.campaign_id, '{{ whole() }}')
            and days.date_day between incidents.first_day and incidents.last_day
    )

),

final as (

    select
        platform,
        account_id,
        campaign_id,
        week_start,
        {{ sum_measures() }}

    from calm
    group by platform, account_id, campaign_id, week_start
    having count(*) = 7

)

select * from final
