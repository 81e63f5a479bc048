-- one row per flagged series and day: what it would be an incident of
{% set all = "'" ~ whole() ~ "'" %}
with

judged as (

    select * from {{ ref('int_anomalies_judged') }}

),

series as (

    select
        level,
        platform,
        account_id,
        campaign_id,
        date_day,
        max(case when is_anomaly then 1 else 0 end) as is_flagged,
        max(money_at_stake) as money

    from judged
    group by level, platform, account_id, campaign_id, date_day

),

-- Half of the campaigns flagged at once have one cause; so have accounts.
accounts as (

    select
        platform,
        account_id,
        date_day,
        {{ at_least_half('is_flagged') }} as is_broad

    from series
    where level = 'campaign'
    group by platform, account_id, date_day

),

platforms as (

    select
        platform,
        date_day,
        {{ at_least_half('is_broad') }} as is_broad

    from accounts
    group by platform, date_day

),

final as (

    select
        series.*,
        case
            when platforms.is_broad = 1 then {{ all }} else series.account_id
        end as scope_account_id,
        case
            when platforms.is_broad = 1 or accounts.is_broad = 1 then {{ all }}
            else series.campaign_id
        end as scope_campaign_id

    from series
    left join accounts
        on
            series.platform = accounts.platform
            and series.account_id = accounts.account_id
            and series.date_day = accounts.date_day
    left join platforms
        on
            series.platform = platforms.platform
            and series.date_day = platforms.date_day
    where series.is_flagged = 1

)

select * from final
