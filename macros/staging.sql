{% macro stage_receipts(dataset, report='report') -%}
with

receipts as (

    {{ finished_loads(dataset, 'receipts') }}

),

final as (

    select
        -- ids
        source,
        lower(trim(platform)) as platform,
        trim(account_id) as account_id,
        part,
        origin,

        -- what was asked and answered
        {{ report }} as report,
        grain,
        status,
        detail,

        -- time
        date as date_day,
        cast(read_at as timestamp) as read_at,

        -- measures, money in account currency
        row_count,
        impressions,
        clicks,
        cost as cost_local,
        conversions,
        conversion_value as conversion_value_local

    from receipts

)

select * from final
{%- endmacro %}


{% macro stage_quarantine(dataset) -%}
with

quarantine as (

    select * from {{ source(dataset, 'quarantine') }}

),

final as (

    select
        -- where it was read
        source,
        origin,
        line,

        -- ids
        lower(trim(platform)) as platform,
        trim(account_id) as account_id,

        -- what is wrong
        reason,
        detail,
        raw_text,

        -- time
        date as date_day,
        cast(read_at as timestamp) as read_at,

        -- money in account currency
        cost_held,
        currency

    from quarantine

)

select * from final
{%- endmacro %}


{% macro stage_loads(dataset) -%}
with

loads as (

    {{ finished_loads(dataset, 'loads') }}

),

final as (

    select
        -- where it was read
        source,
        origin,
        content_hash,

        -- how it went
        status,
        detail,

        -- numerics
        row_count,
        quarantined_count,

        -- time
        first_date,
        last_date,
        cast(read_at as timestamp) as read_at

    from loads

)

select * from final
{%- endmacro %}
