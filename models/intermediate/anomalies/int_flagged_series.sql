-- one row per flagged series and day: what it would be an incident of
{% set all = "'" ~ whole() ~ "'" %}
with

flagged as (

    select
        level,
        platform,
        account_id,
        campaign_id,
        date_day,
        max(money_at_stake) as money

    from {{ ref('int_anomalies_judged') }}
    where is_anomaly
    group by level, platform, account_id, campaign_id, date_day

),

broad as (

    select * from {{ ref('int_broad_days') }}

),

-- Campaigns that move together have one cause; so have accounts.
final as (

    select
        flagged.*,
        case
            when broad.is_broad_platform then {{ all }} else flagged.account_id
        end as scope_account_id,
        case
            when broad.is_broad_platform then {{ all }}
            when broad.is_broad_account then {{ all }}
            else flagged.campaign_id
        end as scope_campaign_id

    from flagged
    left join broad
        on
            flagged.platform = broad.platform
            and flagged.account_id = broad.account_id
            and flagged.date_day = broad.date_day

)

select * from final
