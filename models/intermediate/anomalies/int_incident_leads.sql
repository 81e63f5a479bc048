-- one row per incident: its money, and the dearest figure, which speaks for all
with

anomalies as (

    select * from {{ ref('fct_campaign_anomalies') }}
    where is_anomaly

),

money as (

    select * from {{ ref('int_incident_money') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by incident_id
            order by
                money_at_stake desc nulls last,
                abs(z_score) desc nulls last,
                date_day asc,
                metric asc,
                account_id asc,
                campaign_id asc
        ) as place

    from anomalies

),

final as (

    select
        ranked.incident_id,
        ranked.metric,
        ranked.anomaly_kind,
        ranked.value,
        ranked.expected,
        money.money

    from ranked
    inner join money on ranked.incident_id = money.incident_id
    where ranked.place = 1

)

select * from final
