-- one row per file that was read
with

loads as (

    {{ finished_loads('raw_files', 'loads') }}

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
