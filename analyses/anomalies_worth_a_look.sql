-- Which incidents of the last 28 days cost the most? Several metrics of one
-- campaign and day tell one story: the dearest stands for them.
with

anomalies as (

    select * from {{ ref('fct_campaign_anomalies') }}

),

latest as (

    select max(date_day) as last_day from anomalies

),

ranked as (

    select
        anomalies.*,
        row_number() over (
            partition by
                anomalies.platform,
                anomalies.account_id,
                anomalies.campaign_id,
                anomalies.date_day
            order by
                anomalies.money_at_stake desc nulls last,
                abs(anomalies.z_score) desc nulls last
        ) as place

    from anomalies
    cross join latest
    where
        anomalies.is_anomaly
        and anomalies.date_day > {{ add_days('latest.last_day', -28) }}

),

final as (

    select
        date_day,
        platform,
        account_id,
        campaign_name,
        metric,
        anomaly_kind,
        value,
        expected,
        money_at_stake

    from ranked
    where place = 1
    order by money_at_stake desc nulls last
    limit 20

)

select * from final
