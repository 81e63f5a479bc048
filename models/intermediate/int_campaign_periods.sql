-- one row per platform, account, campaign, grain and first day of the period
with

performance as (

    select * from {{ ref('int_performance_judged') }}

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
        max(campaign_name) as campaign_name,
        max(channel) as channel,

        -- measures
        {{ sum_measures(['impressions', 'clicks', 'conversions']) }},

        -- money
        {{ sum_converted('cost_local', 'fx_rate') }} as cost,
        {{ sum_converted('conversion_value_local', 'fx_rate') }}
            as conversion_value,
        {{ sum_of_one_currency('cost_local') }} as cost_local,
        {{ sum_of_one_currency('conversion_value_local') }}
            as conversion_value_local,
        {{ the_only('currency') }} as currency,
        {{ the_only('fx_rate') }} as fx_rate,
        {{ the_only('fx_rate_date') }} as fx_rate_date

    from performance
    where not is_held
    group by platform, account_id, campaign_id, grain, date_day

)

select * from final
