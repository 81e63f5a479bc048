-- one row per row of an export that breaks a rule
with

listed as (

    select * from {{ ref('int_quarantine_listed') }}

),

numbered as (

    select
        *,
        row_number() over (
            partition by source, origin, line, reason, row_json
            order by detail asc
        ) as twin

    from listed

),

final as (

    select
        {{ text_hash(
            ['source', 'origin', 'line', 'reason', 'row_json', 'twin']
        ) }} as quarantine_id,
        source,
        platform,
        account_id,
        report,
        origin,
        line,
        date_day,
        reason,
        detail,
        row_json,
        cost_held,
        currency,
        read_at

    from numbered

)

select * from final
