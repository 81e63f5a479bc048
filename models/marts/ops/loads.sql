-- one row per file that was read
with

loads as (

    {{ union_staging('loads', var('collected') + ['exchange_rates']) }}

),

final as (

    select
        source,
        origin,
        status,
        detail,
        row_count,
        quarantined_count,
        first_date,
        last_date,
        read_at

    from loads

)

select * from final
