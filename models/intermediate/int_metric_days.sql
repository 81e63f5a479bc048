-- one row per campaign, day and metric
{{ config(materialized='view') }}
{#- Money is lumpy: it comes in as many pieces as there are events. -#}
{% set events = {'cost': 'clicks', 'conversion_value': 'conversions'} %}

with

days as (

    select * from {{ ref('int_campaign_days') }}

),

final as (

    {% for metric in measures() %}
    select
        platform,
        account_id,
        campaign_id,
        date_day,
        '{{ metric }}' as metric,
        cast({{ metric }} as double) as value,
        cast({{ events.get(metric, metric) }} as double) as events,
        cast(cost as double) as cost

    from days
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select * from final
