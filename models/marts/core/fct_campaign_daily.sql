-- one row per platform, account, campaign and day with figures
with

periods as (

    select * from {{ ref('int_campaign_periods') }}
    where grain = 'day'

),

accounts as (

    select * from {{ ref('dim_account') }}

),

campaigns as (

    select * from {{ ref('dim_campaign') }}

),

coverage as (

    select * from {{ ref('int_coverage_by_day') }}

),

final as (

    select
        periods.platform,
        periods.account_id,
        periods.campaign_id,
        periods.date_day,

        accounts.account_name,
        campaigns.campaign_name,
        campaigns.channel,

        -- measures
        periods.impressions,
        periods.clicks,
        periods.cost,
        periods.conversions,
        periods.conversion_value,
        {{ ratios() }},

        -- money
        periods.cost_local,
        periods.conversion_value_local,
        periods.currency,
        cast(periods.fx_rate as decimal(18, 12)) as fx_rate,
        periods.fx_rate_date,

        -- trust
        coalesce(coverage.is_complete, false) as is_complete,
        coalesce(coverage.is_mature, false) as is_mature

    from periods
    inner join campaigns
        on
            periods.platform = campaigns.platform
            and periods.account_id = campaigns.account_id
            and periods.campaign_id = campaigns.campaign_id
    inner join accounts
        on
            periods.platform = accounts.platform
            and periods.account_id = accounts.account_id
    left join coverage
        on
            periods.platform = coverage.platform
            and periods.account_id = coverage.account_id
            and periods.grain = coverage.grain
            and periods.date_day = coverage.date_day

)

select * from final
