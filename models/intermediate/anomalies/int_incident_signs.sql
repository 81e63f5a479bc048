-- one row per incident: when it was, what was flagged, and the likely cause
{% set signs = [
    'impressions drop', 'clicks drop', 'cost drop', 'conversions drop',
    'conversion_value drop', 'cvr drop', 'impressions spike', 'clicks spike',
    'cost spike', 'cpm spike', 'cpc spike', 'cpa spike',
] %}
with

figures as (

    select * from {{ ref('int_incident_figures') }}

),

signs as (

    select
        incident_id,
        min(date_day) as first_day,
        max(date_day) as last_day,
        count(distinct date_day) as day_count,
        count(*) as figures,
        max(case when kind = 'flatline' then 1 else 0 end) as frozen,
        max(case when kind = 'spike' then 1 else 0 end) as spikes,
        {% for sign in signs %}
        max(case when metric || ' ' || kind = '{{ sign }}' then 1 else 0 end)
            as {{ sign | replace(' ', '_') }},
        {% endfor %}
        min(case when metric = 'impressions' then value end) as impressions,
        min(
            case
                when metric in ('conversions', 'conversion_value', 'cvr')
                    then value / nullif(expected, 0)
            end
        ) as share_converted

    from figures
    group by incident_id

),

final as (

    select
        incident_id,
        first_day,
        last_day,
        day_count,
        figures,
        case
            when frozen = 1 then 'frozen_figures'
            when impressions_drop = 1 and impressions = 0 then 'delivery_stop'
            when cost_spike = 1 and impressions_spike + clicks_spike > 0
                then 'overspend'
            when cpm_spike + cpc_spike > 0 then 'price_jump'
            when cost_spike = 1 then 'overspend'
            when impressions_drop + clicks_drop + cost_drop > 0
                then 'delivery_drop'
            when share_converted < 0.2 then 'tracking_outage'
            when conversions_drop + cvr_drop + cpa_spike > 0
                then 'conversion_drop'
            when conversion_value_drop = 1 then 'value_drop'
            when spikes > 0 then 'surge'
            else 'efficiency_drop'
        end as cause

    from signs

)

select * from final
