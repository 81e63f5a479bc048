-- one row per platform, account (null: all of them) and age of a day in days
with

known as (

    select * from {{ ref('int_settled_reads') }}

),

of_whom as (

    select * from known
    union all
    select
        platform,
        null as account_id,
        date_day,
        age_days,
        conversions,
        settled,
        told_share

    from known

),

ranked as (

    select
        *,
        count(*) over (partition by platform, account_id, age_days)
            as days_observed,
        row_number() over (
            partition by platform, account_id, age_days order by told_share
        ) as place

    from of_whom

),

-- A new day lies below the k-th of n days k times in n + 1: 5 in 100.
final as (

    select
        platform,
        account_id,
        age_days,
        days_observed,
        {{ safe_divide('sum(conversions)', 'sum(settled)') }} as share,
        max(case when place <= 0.05 * (days_observed + 1) then told_share end)
            as share_low,
        min(case when place >= 0.95 * (days_observed + 1) then told_share end)
            as share_high

    from ranked
    where days_observed >= {{ var('curve_days') }}
    group by platform, account_id, age_days, days_observed

)

select * from final
