-- Renaming loses no row and no cent of any slice.
{% set keys = 'source, platform, account_id, part, date_day' %}

with

sources as (

    select
        source,
        platform,
        account_id,
        part,
        date as date_day,
        count(*) as row_count,
        sum(cost) as cost_local,
        sum(conversion_value) as conversion_value_local,
        {{ sum_measures(['impressions', 'clicks', 'conversions']) }}

    from {{ source('raw_files', 'performance') }}
    group by {{ keys }}

),

staging as (

    select
        {{ keys }},
        count(*) as row_count,
        sum(cost_local) as cost_local,
        sum(conversion_value_local) as conversion_value_local,
        {{ sum_measures(['impressions', 'clicks', 'conversions']) }}

    from {{ ref('stg_files__performance') }}
    group by {{ keys }}

),

final as (

    (
        select * from sources
        except
        select * from staging
    )
    union all
    (
        select * from staging
        except
        select * from sources
    )

)

select * from final
