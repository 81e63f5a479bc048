-- one row per platform, account, campaign, grain and first day of the period
with

performance as (

    select * from {{ ref('int_performance_judged') }}
    where not is_held and {{ feeds('campaign') }} {{ changed_only('and') }}

),

final as (

    select
        -- ids
        platform,
        account_id,
        campaign_id,
        grain,
        date_day,

        -- names
        max(account_name) as account_name,
        max(time_zone) as time_zone,
        max(campaign_name) as campaign_name,
        max(channel) as channel,

        -- measures, and money in both currencies
        {{ sum_figures() }}

    from performance
    group by platform, account_id, campaign_id, grain, date_day

)

select * from final
