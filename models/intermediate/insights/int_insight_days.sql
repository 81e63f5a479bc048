-- one row per campaign that still runs, and day whose conversions are settled
with

days as (

    select * from {{ ref('int_campaign_days') }}
    where cost is not null and conversions is not null

),

settled as (

    select * from {{ ref('int_coverage_by_day') }}
    where level = 'campaign' and grain = 'day' and is_mature

),

running as (

    select * from {{ ref('int_running_campaigns') }}

),

final as (

    select
        running.*,
        days.date_day,
        days.impressions,
        days.clicks,
        days.cost,
        days.conversions,
        days.conversion_value

    from days
    inner join running
        on
            days.platform = running.platform
            and days.account_id = running.account_id
            and days.campaign_id = running.campaign_id
    inner join settled
        on
            days.platform = settled.platform
            and days.account_id = settled.account_id
            and days.date_day = settled.date_day

)

select * from final
