-- one row per incident: flagged figures that have one cause
with

incidents as (

    select distinct
        incident_id,
        platform,
        scope_account_id as account_id,
        scope_campaign_id as campaign_id

    from {{ ref('int_anomaly_incidents') }}

),

signs as (

    select * from {{ ref('int_incident_signs') }}

),

leads as (

    select * from {{ ref('int_incident_leads') }}

),

campaigns as (

    select * from {{ ref('dim_campaign') }}

),

last_days as (

    select
        platform,
        max(date_day) as last_day

    from {{ ref('fct_campaign_anomalies') }}
    group by platform

),

final as (

    select
        incidents.incident_id,
        {{ level_of('incidents') }} as level,
        incidents.platform,
        incidents.account_id,
        incidents.campaign_id,
        campaigns.campaign_name,
        signs.first_day,
        signs.last_day,
        signs.day_count,
        signs.last_day >= {{ add_days('last_days.last_day', -1) }} as is_open,
        signs.cause,
        signs.figures,
        leads.metric,
        leads.anomaly_kind,
        leads.value,
        leads.expected,
        cast(leads.money as decimal(38, 9)) as money_at_stake

    from incidents
    inner join signs on incidents.incident_id = signs.incident_id
    inner join leads on incidents.incident_id = leads.incident_id
    inner join last_days on incidents.platform = last_days.platform
    left join campaigns
        on
            incidents.platform = campaigns.platform
            and incidents.account_id = campaigns.account_id
            and incidents.campaign_id = campaigns.campaign_id

)

select * from final
