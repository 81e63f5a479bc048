-- one row per row of an export that breaks a rule
with

listed as (

    select * from {{ ref('int_quarantine_listed') }}

),

numbered as (

    select
        *,
        row_number() over (
            partition by source, origin, line, row_json
            order by reason asc, detail asc
        ) as twin

    from listed

),

final as (

    select
        {{ quarantine_id('twin') }} as quarantine_id,
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
