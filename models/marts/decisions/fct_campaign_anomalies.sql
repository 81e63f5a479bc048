-- one row per platform, account, campaign, day and metric with a baseline
with

scored as (

    {{ score_anomalies(ref('int_metric_days')) }}

),

campaigns as (

    select * from {{ ref('dim_campaign') }}

),

final as (

    select
        -- ids
        scored.platform,
        scored.account_id,
        scored.campaign_id,
        campaigns.campaign_name,
        scored.date_day,
        scored.metric,

        -- verdict
        scored.value,
        scored.expected,
        scored.lower,
        scored.upper,
        scored.z_score,
        scored.anomaly_kind is not null as is_anomaly,
        scored.anomaly_kind,
        scored.smallest_visible_change,
        cast(scored.money_at_stake as decimal(38, 9)) as money_at_stake

    from scored
    inner join campaigns
        on
            scored.platform = campaigns.platform
            and scored.account_id = campaigns.account_id
            and scored.campaign_id = campaigns.campaign_id

)

select * from final
