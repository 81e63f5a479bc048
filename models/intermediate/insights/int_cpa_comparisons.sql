-- one row per campaign and week: its CPA of late beside that of before
{% set key = ['platform', 'account_id', 'campaign_id', 'as_of_week'] %}
{% set measures = ['impressions', 'clicks', 'cost', 'conversions'] %}
{#- CPA is the product of these; ctr and cvr stand below the line. -#}
{% set factors = {
    'cpm': ['cost', 'impressions'], 'ctr': ['impressions', 'clicks'],
    'cvr': ['clicks', 'conversions'], 'cpa': ['cost', 'conversions'],
} %}
with

rule as (

    {{ insight_rule('cpa_drift') }}

),

pairs as (

    select
        pairs.*,
        pairs.days_ago < rule.days as is_recent

    from {{ ref('int_insight_week_pairs') }} as pairs
    cross join rule
    where pairs.days_ago < 4 * rule.days

),

sums as (

    select
        {{ key | join(', ') }},
        is_recent,
        {% for measure in measures %}
        sum({{ measure }}) as {{ measure }},
        {% endfor %}
        sum(jump) as jumps,
        count(jump) as weeks

    from pairs
    group by {{ key | join(', ') }}, is_recent

),

final as (

    select
        {% for column in key + ['cost', 'conversions'] %}
        recent.{{ column }},
        {% endfor %}
        recent.cost / nullif(recent.conversions, 0) as cpa_now,
        earlier.conversions as conversions_before,
        earlier.cost / nullif(earlier.conversions, 0) as cpa_before,
        {% for factor, parts in factors.items() %}
        {{ log_change(*parts) }} as {{ factor }}_change,
        {% endfor %}
        -- Weeks vary by more than chance alone, so many times as much.
        greatest(
            1,
            (coalesce(recent.jumps, 0) + coalesce(earlier.jumps, 0))
            / (recent.weeks + earlier.weeks)
            * (recent.cost + earlier.cost)
            / nullif(recent.conversions + earlier.conversions, 0)
        ) as dispersion

    from sums as recent
    inner join sums as earlier
        on
            recent.is_recent and not earlier.is_recent
            {% for column in key %}
            and recent.{{ column }} = earlier.{{ column }}
            {% endfor %}
    where recent.weeks + earlier.weeks >= 3

)

select * from final
