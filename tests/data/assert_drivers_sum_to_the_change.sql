-- Every part of a change is told, to the last digit: by whole, and for sums by
-- campaign too.
with

drivers as (

    select * from {{ ref('fct_change_drivers') }}

),

wholes as (

    select
        comparison,
        period_start,
        whole,
        metric,
        max(change) as change,
        min(change) as lowest_change,
        sum(contribution) as explained

    from drivers
    group by comparison, period_start, whole, metric

),

campaigns as (

    select
        comparison,
        period_start,
        whole,
        metric,
        coalesce(max(campaign_value), 0)
        - coalesce(max(campaign_previous_value), 0) as change,
        sum(contribution) as explained

    from drivers
    where
        metric in ('cost', 'conversions', 'conversion_value')
        and campaign_id is not null
    group by
        comparison,
        period_start,
        whole,
        metric,
        platform,
        account_id,
        campaign_id

),

final as (

    select
        comparison,
        period_start,
        whole,
        metric,
        change,
        explained

    from wholes
    where
        explained is distinct from change
        or lowest_change is distinct from change
    union all
    select
        comparison,
        period_start,
        whole,
        metric,
        change,
        explained

    from campaigns
    where explained is distinct from change

)

select * from final
