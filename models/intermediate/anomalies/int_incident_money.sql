-- one row per incident: the money behind it
with

anomalies as (

    select * from {{ ref('fct_campaign_anomalies') }}
    where is_anomaly

),

-- Figures of one series and day tell the same money: the largest counts.
series as (

    select
        incident_id,
        level,
        account_id,
        campaign_id,
        date_day,
        max(money_at_stake) as money

    from anomalies
    group by incident_id, level, account_id, campaign_id, date_day

),

-- Series of a level add up; an account says again what its campaigns say.
levels as (

    select
        incident_id,
        level,
        date_day,
        sum(money) as money

    from series
    group by incident_id, level, date_day

),

days as (

    select
        incident_id,
        date_day,
        max(money) as money

    from levels
    group by incident_id, date_day

),

final as (

    select
        incident_id,
        sum(money) as money

    from days
    group by incident_id

)

select * from final
