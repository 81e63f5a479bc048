-- one row per incident: its money, and the figure that speaks for all
with

anomalies as (

    select * from {{ ref('fct_campaign_anomalies') }}
    where is_anomaly

),

incidents as (

    select * from {{ ref('int_anomaly_incidents') }}

),

money as (

    select * from {{ ref('int_incident_money') }}

),

-- The dearest one of what the incident is about, else of its parts or wholes.
ranked as (

    select
        anomalies.*,
        row_number() over (
            partition by anomalies.incident_id
            order by
                case
                    when
                        anomalies.account_id = incidents.scope_account_id
                        and anomalies.campaign_id = incidents.scope_campaign_id
                        then 1
                    else 2
                end asc,
                anomalies.money_at_stake desc nulls last,
                abs(anomalies.z_score) desc nulls last,
                anomalies.date_day asc,
                anomalies.metric asc,
                anomalies.account_id asc,
                anomalies.campaign_id asc
        ) as place

    from anomalies
    inner join incidents
        on
            anomalies.level = incidents.level
            and anomalies.platform = incidents.platform
            and anomalies.account_id = incidents.account_id
            and anomalies.campaign_id = incidents.campaign_id
            and anomalies.date_day = incidents.date_day

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
