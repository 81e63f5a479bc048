-- one row per platform, known from the seed or met in the data
with

platforms as (

    select * from {{ ref('platforms') }}

),

windows as (

    select * from {{ ref('attribution_windows') }}

),

accounts as (

    select distinct platform from {{ ref('dim_account') }}

),

final as (

    select
        coalesce(platforms.platform, accounts.platform) as platform,
        coalesce(platforms.platform_name, accounts.platform) as platform_name,
        coalesce(platforms.platform_kind, 'other') as platform_kind,
        platforms.clicks_definition,
        platforms.conversions_definition,
        cast(
            coalesce(
                platforms.maturity_days, {{ var('default_maturity_days') }}
            ) as bigint
        ) as maturity_days,
        windows.click_days as attribution_click_days,
        windows.view_days as attribution_view_days,
        windows.source as attribution_source,
        accounts.platform is not null as has_data

    from platforms
    full outer join accounts on platforms.platform = accounts.platform
    left join windows on platforms.platform = windows.platform

)

select * from final
