-- one row per pair of rivals, day around the start of the younger, and role
with

rule as (

    {{ insight_rule('cannibalised_campaign') }}

),

days as (

    select
        rivals.*,
        days.date_day,
        {{ days_between('rivals.first_day', 'days.date_day') }}
            as days_since,
        {{ days_between('days.campaign_first_day', 'rivals.first_day') }}
            as lead_days,
        case days.campaign_id
            when rivals.campaign_id then 'younger'
            when rivals.older_campaign_id then 'older'
            else 'rest'
        end as role,
        days.cost,
        cast(days.conversions as double) as conversions

    from {{ ref('int_campaign_rivals') }} as rivals
    inner join {{ ref('int_insight_days') }} as days
        on
            rivals.platform = days.platform
            and rivals.account_id = days.account_id

),

final as (

    select
        days.platform,
        days.account_id,
        days.campaign_id,
        days.older_campaign_id,
        days.older_campaign_name,
        days.first_day,
        days.last_day,
        days.date_day,
        days.days_since,
        days.role,
        sum(days.cost) as cost,
        sum(days.conversions) as conversions

    from days
    cross join rule
    where
        days.days_since >= -rule.days
        and days.days_since < rule.days
        and (days.role = 'younger' or days.lead_days >= rule.days)
    group by
        days.platform,
        days.account_id,
        days.campaign_id,
        days.older_campaign_id,
        days.older_campaign_name,
        days.first_day,
        days.last_day,
        days.date_day,
        days.days_since,
        days.role

)

select * from final
