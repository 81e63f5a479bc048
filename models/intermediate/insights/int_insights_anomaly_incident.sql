-- one row per other incident that is about enough money
with

rule as (

    {{ insight_rule('anomaly_incident') }}

),

found as (

    select
        incidents.*,
        {% for word in incident_words() %}
        {{ incident_word(word) }} as {{ word }},
        {% endfor %}
        {{ severity_of_incident() }} as severity

    from {{ ref('int_insight_incidents') }} as incidents
    cross join rule
    where
        incidents.cause != 'tracking_outage'
        and (
            incidents.cause = 'frozen_figures'
            or {{ is_worth_telling() }}
        )

),

final as (

    {{ insights(
        'found', 'anomaly_incident',
        ['incident_id', 'cause', 'metric', 'anomaly_kind', 'value', 'expected',
         'figures', 'is_open'],
        severity='severity'
    ) }}

)

select * from final
