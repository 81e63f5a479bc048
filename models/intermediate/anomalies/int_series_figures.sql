-- one row per series, day and metric: the figure, and what a rule is to judge
{#- metric: the rule's kind, its figure (over a denominator where it is a rate),
    and when there is enough to judge: a price of few units is chance. -#}
{% set always = 'true' %}
{% set metrics = {
    'impressions': ('count', 'impressions', none, always),
    'clicks': ('count', 'clicks', none, always),
    'conversions': ('count', 'settled_conversions', none, always),
    'cost': ('spend', 'cost', none, always),
    'conversion_value': ('spend', 'settled_value', none, always),
    'ctr': ('rate', 'clicks', 'impressions', always),
    'cvr': ('rate', 'settled_conversions', 'clicks', always),
    'cpa': ('rate', 'conversions', 'cost', 'is_mature'),
    'cpc': ('price', 'cpc', none, 'clicks >= 5'),
    'cpm': ('price', 'cpm', none, 'impressions >= 500'),
    'roas': ('price', 'roas', none, 'is_mature and conversions >= 20'),
    'aov': ('price', 'aov', none, 'is_mature and conversions >= 20'),
} %}
with

days as (

    select * from {{ ref('int_series_days') }}

),

reported as (

    select
        *,
        {{ ratios() }}

    from days

),

final as (

    {% for metric, rule in metrics.items() %}
    {% set is_arriving = rule[1].startswith('settled') %}
    select
        level,
        platform,
        account_id,
        campaign_id,
        date_day,
        '{{ metric }}' as metric,
        '{{ rule[0] }}' as kind,
        {{ metric }} as value,
        case when {{ rule[3] }} then {{ rule[1] }} end as figure,
        {{ rule[2] or 'cast(null as double)' }} as denominator,
        cost,
        is_mature,
        {{ 'share' if is_arriving else 1 }} as share,
        {{ 'share_low' if is_arriving else 1 }} as share_low,
        {{ 'share_high' if is_arriving else 1 }} as share_high

    from reported
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select * from final
