-- one row per campaign that still runs: what it spent since it last converted
{% set campaign = 'platform, account_id, campaign_id' %}
with

days as (

    select
        *,
        max(case when conversions > 0 then date_day end)
            over (partition by {{ campaign }}) as last_conversion_day

    from {{ ref('int_insight_days') }}

),

since as (

    select
        *,
        last_conversion_day is null
        or date_day > last_conversion_day as is_silent

    from days

),

final as (

    select
        {{ campaign }},
        min(case when is_silent and cost > 0 then date_day end) as first_day,
        max(date_day) as date_day,
        sum(case when is_silent then cost end) as cost,
        sum(case when is_silent then clicks end) as clicks,
        {{ safe_divide(
            'sum(case when not is_silent then cost end)', 'sum(conversions)'
        ) }} as own_cpa

    from since
    group by {{ campaign }}

)

select * from final
