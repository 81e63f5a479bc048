-- one row per ad of a running campaign, and whole week: CTR beside others'
{% set campaign = 'platform, account_id, campaign_id' %}
with

running as (

    select * from {{ ref('int_running_campaigns') }}

),

days as (

    select
        ads.*,
        {{ period_start('week', 'ads.date_day') }} as week_start

    from {{ ref('fct_ad_daily') }} as ads
    inner join running
        on
            ads.platform = running.platform
            and ads.account_id = running.account_id
            and ads.campaign_id = running.campaign_id
    where ads.is_complete and ads.ad_id != '{{ unattributed() }}'

),

weeks as (

    select
        {{ campaign }},
        ad_group_id,
        ad_id,
        week_start,
        max(coalesce(ad_name, ad_id)) as ad_name,
        {{ sum_measures(['impressions', 'clicks', 'cost']) }}

    from days
    group by {{ campaign }}, ad_group_id, ad_id, week_start
    having count(*) = 7

),

beside as (

    select
        *,
        sum(impressions) over (partition by {{ campaign }}, week_start)
        - impressions as other_impressions,
        sum(clicks) over (partition by {{ campaign }}, week_start)
        - clicks as other_clicks,
        {{ days_between(
            'week_start',
            'max(week_start) over (partition by ' ~ campaign ~ ')'
        ) }} as days_ago

    from weeks

),

final as (

    select
        *,
        ln(
            {{ safe_divide('clicks', 'impressions') }}
            / {{ safe_divide('other_clicks', 'nullif(other_impressions, 0)') }}
        ) as log_index

    from beside
    where clicks > 0 and other_clicks > 0

)

select * from final
