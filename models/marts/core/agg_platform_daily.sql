-- one row per platform and day with figures
{{ config(materialized='view') }}
with

campaigns as (

    select * from {{ ref('fct_campaign_daily') }}

),

coverage as (

    select
        platform,
        date_day,
        min(case when is_complete then 1 else 0 end) = 1 as is_complete,
        min(case when is_mature then 1 else 0 end) = 1 as is_mature

    from {{ ref('int_coverage_by_day') }}
    where level = 'campaign' and grain = 'day'
    group by platform, date_day

),

summed as (

    select
        platform,
        date_day,
        count(distinct account_id) as account_count,
        count(*) as campaign_count,
        {{ sum_measures() }}

    from campaigns
    group by platform, date_day

),

final as (

    select
        -- ids
        summed.platform,
        summed.date_day,

        -- measures
        summed.impressions,
        summed.clicks,
        summed.cost,
        summed.conversions,
        summed.conversion_value,
        {{ ratios() }},
        summed.account_count,
        summed.campaign_count,

        -- trust
        coalesce(coverage.is_complete, false) as is_complete,
        coalesce(coverage.is_mature, false) as is_mature

    from summed
    left join coverage
        on
            summed.platform = coverage.platform
            and summed.date_day = coverage.date_day

)

select * from final
