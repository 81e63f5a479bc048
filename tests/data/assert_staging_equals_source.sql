-- Renaming loses no row and no cent of any slice.
{% set keys = 'source, platform, account_id, part, date_day' %}

with

sources as (

    select
        source,
        lower(trim(platform)) as platform,
        trim(account_id) as account_id,
        part,
        date as date_day,
        count(*) as row_count,
        sum(cost) as cost_local,
        sum(conversion_value) as conversion_value_local,
        {{ sum_measures(['impressions', 'clicks', 'conversions']) }}

    from {{ source('raw_files', 'performance') }}
    group by source, lower(trim(platform)), trim(account_id), part, date

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
