-- Every row that breaks a rule is listed once, with its money.
with

judged as (

    select
        source,
        reason,
        count(*) as row_count,
        sum(case when {{ is_authority() }} then cost_local else 0 end)
            as cost_held

    from {{ ref('int_performance_judged') }}
    where reason is not null and (is_held or {{ is_authority() }})
    group by source, reason

),

unparsed as (

    select
        source,
        reason,
        count(*) as row_count,
        sum(cost_held) as cost_held

    from (
        {{ union_staging('quarantine', var('collected') + ['exchange_rates']) }}
    ) as quarantine
    where (source, origin, coalesce(line, 0)) not in (
        select
            released.source,
            released.origin,
            released.line

        from {{ ref('int_rows_released') }} as released
    )
    group by source, reason

),

listed as (

    select
        source,
        reason,
        count(*) as row_count,
        sum(cost_held) as cost_held

    from {{ ref('quarantined_rows') }}
    group by source, reason

),

final as (

    select * from (
        select * from judged
        union all
        select * from unparsed
    ) as expected
    except
    select * from listed

)

select * from final
