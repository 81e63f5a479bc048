-- one row per platform, known from the seed or met in the data
with

platforms as (

    select * from {{ ref('platforms') }}

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
        accounts.platform is not null as has_data

    from platforms
    full outer join accounts on platforms.platform = accounts.platform

)

select * from final
