-- one row per pair of rivals: conversions before and after the younger began
{% set roles = ['older', 'rest'] %}
{% set periods = {'before': 'days_since < 0', 'after': 'days_since >= 0'} %}
with

days as (

    select * from {{ ref('int_rival_days') }}

),

sums as (

    select
        platform,
        account_id,
        campaign_id,
        older_campaign_id,
        max(older_campaign_name) as older_campaign_name,
        first_day,
        max(last_day) as last_day,
        max(date_day) as date_day,
        count(distinct days_since) / 2e0 as half_days,
        sum(case when role = 'younger' then cost end) as younger_cost,
        {% for role in roles %}
        {% for period, condition in periods.items() %}
        {{ sum_when(role, condition, 'conversions') }}
            as {{ role }}_{{ period }},
        {{ sum_when(role, condition, 'conversions * conversions') }}
            as {{ role }}_{{ period }}_squares,
        {% endfor %}
        {% endfor %}
        sum(case when role = 'younger' then conversions end)
            as younger_conversions

    from days
    group by platform, account_id, campaign_id, older_campaign_id, first_day

),

-- How far days vary beyond chance: their variance in units of their mean.
final as (

    select
        *,
        {% for role in roles %}
        greatest(
            1,
            (
                {{ role }}_before_squares + {{ role }}_after_squares
                - {{ role }}_before * {{ role }}_before / half_days
                - {{ role }}_after * {{ role }}_after / half_days
            ) / nullif({{ role }}_before + {{ role }}_after, 0)
        ) as {{ role }}_dispersion,
        {% endfor %}
        {{ safe_divide('rest_after', 'rest_before') }} as rest_ratio,
        {{ safe_divide('older_after', 'older_before') }} as older_ratio

    from sums

)

select * from final
