-- one row per platform, account, campaign, day and metric with a baseline
with

judged as (

    select * from {{ ref('int_anomalies_judged') }}

),

campaigns as (

    select * from {{ ref('dim_campaign') }}

),

incidents as (

    select * from {{ ref('int_anomaly_incidents') }}

),

final as (

    select
        -- ids
        judged.level,
        judged.platform,
        judged.account_id,
        judged.campaign_id,
        campaigns.campaign_name,
        judged.date_day,
        judged.metric,

        -- verdict
        judged.value,
        judged.expected,
        judged.lower,
        judged.upper,
        judged.z_score,
        judged.threshold,
        judged.is_anomaly,
        judged.anomaly_kind,
        judged.verdict,
        judged.is_mature,
        judged.smallest_visible_change,
        cast(judged.money_at_stake as decimal(38, 9)) as money_at_stake,
        case when judged.is_anomaly then incidents.incident_id end
            as incident_id

    from judged
    left join campaigns
        on
            judged.platform = campaigns.platform
            and judged.account_id = campaigns.account_id
            and judged.campaign_id = campaigns.campaign_id
    left join incidents
        on
            judged.level = incidents.level
            and judged.platform = incidents.platform
            and judged.account_id = incidents.account_id
            and judged.campaign_id = incidents.campaign_id
            and judged.date_day = incidents.date_day

)

select * from final
