-- one row per incident with something to be done about it, in words
with

incidents as (

    select * from {{ ref('fct_anomaly_incidents') }}
    where cause != 'surge'

),

campaigns as (

    select * from {{ ref('dim_campaign') }}

),

final as (

    select
        incidents.incident_id,
        incidents.platform,
        incidents.account_id,
        incidents.campaign_id,
        incidents.first_day,
        incidents.last_day as date_day,
        incidents.cause,
        incidents.metric,
        incidents.anomaly_kind,
        incidents.value,
        incidents.expected,
        incidents.figures,
        incidents.is_open,
        incidents.money_at_stake as impact_amount,
        {{ metric_words('incidents.metric') }} as metric_words,
        {{ metric_text('incidents.metric', 'incidents.value') }} as value_text,
        {{ metric_text('incidents.metric', 'incidents.expected') }}
            as expected_text,
        coalesce(
            {{ shown('incidents.money_at_stake', 'money') }},
            'an unknown amount'
        ) as stake

    from incidents
    left join campaigns
        on
            incidents.platform = campaigns.platform
            and incidents.account_id = campaigns.account_id
            and incidents.campaign_id = campaigns.campaign_id
    -- Who pauses a campaign knows that it stopped.
    where
        incidents.cause not in ('delivery_stop', 'delivery_drop')
        or campaigns.last_day is null
        or campaigns.last_day > incidents.last_day
        or not {{ is_ended('campaigns.status') }}

)

select * from final
