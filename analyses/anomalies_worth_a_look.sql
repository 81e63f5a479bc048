-- Which incidents of the last 28 days cost the most, and which still go on?
with

incidents as (

    select * from {{ ref('fct_anomaly_incidents') }}

),

latest as (

    select max(last_day) as last_day from incidents

),

final as (

    select
        incidents.first_day,
        incidents.last_day,
        incidents.is_open,
        incidents.platform,
        incidents.account_id,
        incidents.campaign_name,
        incidents.cause,
        incidents.metric,
        incidents.anomaly_kind,
        incidents.value,
        incidents.expected,
        incidents.money_at_stake

    from incidents
    cross join latest
    where incidents.last_day > {{ add_days('latest.last_day', -28) }}
    order by incidents.money_at_stake desc nulls last
    limit 20

)

select * from final
