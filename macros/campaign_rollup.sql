{% macro campaign_rollup(period) -%}
with

rollups as (

    select * from {{ ref('int_campaign_rollups') }}

),

accounts as (

    select * from {{ ref('dim_account') }}

),

campaigns as (

    select * from {{ ref('dim_campaign') }}

),

coverage as (

    select * from {{ ref('int_coverage_by_period') }}

),

final as (

    select
        -- ids
        rollups.platform,
        rollups.account_id,
        rollups.campaign_id,
        rollups.date_day as {{ period }}_start,

        -- names
        accounts.account_name,
        campaigns.campaign_name,
        campaigns.channel,

        -- measures
        rollups.impressions,
        rollups.clicks,
        rollups.cost,
        rollups.conversions,
        rollups.conversion_value,
        {{ ratios() }},

        -- money
        rollups.cost_local,
        rollups.conversion_value_local,
        rollups.currency,

        -- trust
        rollups.source_grain,
        coalesce(coverage.is_complete, false) as is_complete,
        coalesce(coverage.is_mature, false) as is_mature

    from rollups
    inner join campaigns
        on
            rollups.platform = campaigns.platform
            and rollups.account_id = campaigns.account_id
            and rollups.campaign_id = campaigns.campaign_id
    inner join accounts
        on
            rollups.platform = accounts.platform
            and rollups.account_id = accounts.account_id
    left join coverage
        on
            rollups.platform = coverage.platform
            and rollups.account_id = coverage.account_id
            and rollups.grain = coverage.period
            and rollups.date_day = coverage.period_start
            and rollups.source_grain = coverage.source_grain
    where rollups.grain = '{{ period }}'

)

select * from final
{%- endmacro %}
