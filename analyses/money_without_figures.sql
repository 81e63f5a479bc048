-- How much money do the totals lack, why, and in which account? Amounts are in
-- account currency and must not be added across currencies.
with

quarantined_rows as (

    select * from {{ ref('quarantined_rows') }}

),

final as (

    select
        platform,
        account_id,
        reason,
        currency,
        count(*) as row_count,
        sum(cost_held) as cost_held,
        min(date_day) as first_day,
        max(date_day) as last_day,
        max(detail) as detail

    from quarantined_rows
    group by platform, account_id, reason, currency
    order by cost_held desc nulls last, platform asc, account_id asc

)

select * from final
