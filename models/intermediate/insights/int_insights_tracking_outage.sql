-- one row per incident in which conversions are no longer counted
with

rule as (

    {{ insight_rule('tracking_outage') }}

),

found as (

    select
        incidents.*,
        {{ severity_of_incident() }} as severity

    from {{ ref('int_insight_incidents') }} as incidents
    cross join rule
    where
        incidents.cause = 'tracking_outage'
        and {{ is_worth_telling() }}

),

final as (

    {{ insights(
        'found', 'tracking_outage',
        ['incident_id', 'cause', 'metric', 'anomaly_kind', 'value', 'expected',
         'figures', 'is_open'],
        severity='severity'
    ) }}

)

select * from final
