-- one row per campaign and day of its account's coverage, while it may deliver
{{ config(materialized='view') }}
with

periods as (

    select * from {{ ref('int_campaign_periods') }}
    where grain = 'day'

),

coverage as (

    select * from {{ ref('int_coverage_by_day') }}
    where level = 'campaign' and grain = 'day'

),

spans as (

    select
        platform,
        account_id,
        campaign_id,
        {{ each_day('min(date_day)', add_days('max(date_day)', var(
            'silent_days'
        ))) }} as date_day

    from periods
    group by platform, account_id, campaign_id

),

final as (

    select
        spans.platform,
        spans.account_id,
        spans.campaign_id,
        spans.date_day,
        coverage.is_complete as is_covered

    from spans
    inner join coverage
        on
            spans.platform = coverage.platform
            and spans.account_id = coverage.account_id
            and spans.date_day = coverage.date_day

)

select * from final
