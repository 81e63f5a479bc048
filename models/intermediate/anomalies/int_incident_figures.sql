-- one row per flagged figure: what it says about the cause of its incident
with

anomalies as (

    select * from {{ ref('fct_campaign_anomalies') }}
    where is_anomaly

),

ranked as (

    select
        *,
        rank() over (
            partition by incident_id
            order by {{ level_rank('level') }}
        ) as place

    from anomalies

),

-- Campaigns tell it. A whole has others in it and is heard where it is alone.
final as (

    select
        incident_id,
        date_day,
        case when place = 1 then metric end as metric,
        case when place = 1 then anomaly_kind end as kind,
        value,
        expected

    from ranked

)

select * from final
