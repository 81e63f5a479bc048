-- one row per platform, account and campaign
with

periods as (

    select * from {{ ref('int_campaign_periods') }}

),

final as (

    select
        platform,
        account_id,
        campaign_id,
        {{ latest('campaign_name') }} as campaign_name,
        {{ latest('channel') }} as channel,
        min(date_day) as first_day,
        max(
            case grain
                when 'week' then {{ period_end('week', 'date_day') }}
                when 'month' then {{ period_end('month', 'date_day') }}
                else date_day
            end
        ) as last_day

    from periods
    group by platform, account_id, campaign_id

)

select * from final
