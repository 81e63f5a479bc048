-- one row per ad: how its CTR moved over its last weeks beside the others
{% set ad = 'platform, account_id, campaign_id, ad_group_id, ad_id' %}
with

rule as (

    {{ insight_rule('creative_fatigue') }}

),

weeks as (

    select
        weeks.*,
        max(weeks.age_days) over (partition by {{ ad }}) as oldest_days

    from {{ ref('int_insight_ad_weeks') }} as weeks
    cross join rule
    where weeks.age_days < rule.days

),

parts as (

    select
        *,
        age_days < 14 as is_last,
        age_days > oldest_days - 14 as is_first

    from weeks

),

fits as (

    select
        {{ ad }},
        max(ad_name) as ad_name,
        count(*) as weeks,
        min(age_days) as last_age_days,
        max(week_start) as last_week,
        regr_slope(log_index, -age_days / 7.0) as slope,
        regr_sxx(log_index, -age_days / 7.0) as sxx,
        regr_syy(log_index, -age_days / 7.0) as syy,
        {% for part in ['first', 'last'] %}
        {% for column in [
            'clicks', 'impressions', 'other_clicks', 'other_impressions', 'cost'
        ] %}
        sum(case when is_{{ part }} then {{ column }} end)
            as {{ part }}_{{ column }},
        {% endfor %}
        {% endfor %}
        avg(1.0 / clicks + 1.0 / other_clicks) as chance

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
    where last_age_days = 0 and weeks >= 4

)

select * from final
