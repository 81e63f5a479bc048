-- one row per ad: how its CTR moved over its last weeks beside the others
{% set ad = 'platform, account_id, campaign_id, ad_group_id, ad_id' %}
with

rule as (

    {{ insight_rule('creative_fatigue') }}

),

weeks as (

    select
        weeks.*,
        max(weeks.days_ago) over (partition by {{ ad }}) as oldest_days

    from {{ ref('int_insight_ad_weeks') }} as weeks
    cross join rule
    where weeks.days_ago < rule.days

),

parts as (

    select
        *,
        days_ago < 14 as is_last,
        days_ago > oldest_days - 14 as is_first

    from weeks

),

fits as (

    select
        {{ ad }},
        max(ad_name) as ad_name,
        count(*) as weeks,
        min(days_ago) as last_seen_days,
        max(week_start) as last_week,
        regr_slope(log_index, -days_ago / 7e0) as slope,
        regr_sxx(log_index, -days_ago / 7e0) as sxx,
        regr_syy(log_index, -days_ago / 7e0) as syy,
        {% for part in ['first', 'last'] %}
        {% for column in [
            'clicks', 'impressions', 'other_clicks', 'other_impressions', 'cost'
        ] %}
        sum(case when is_{{ part }} then {{ column }} end)
            as {{ part }}_{{ column }},
        {% endfor %}
        {% endfor %}
        avg(1e0 / clicks + 1e0 / other_clicks) as chance

    from parts
    group by {{ ad }}

),

final as (

    select
        *,
        {% for part in ['first', 'last'] %}
        {{ safe_divide(part ~ '_clicks', part ~ '_impressions') }}
            as {{ part }}_ctr,
        {{ safe_divide(part ~ '_other_clicks', part ~ '_other_impressions') }}
            as {{ part }}_other_ctr,
        {% endfor %}
        slope / nullif(sqrt(
            greatest(chance, (syy - slope * slope * sxx) / (weeks - 2)) / sxx
        ), 0) as z_score

    from fits
    where last_seen_days = 0 and weeks >= 4

)

select * from final
