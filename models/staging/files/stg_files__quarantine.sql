-- one row per row of an export that could not be parsed
with

quarantine as (

    select * from {{ source('raw_files', 'quarantine') }}

),

final as (

    select
        -- where it was read
        source,
        origin,
        line,

        -- ids
        platform,
        account_id,

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
