-- one row per campaign that still runs, and whole week of settled days
with

days as (

    select
        *,
        {{ period_start('week', 'date_day') }} as week_start

    from {{ ref('int_insight_days') }}

),

final as (

    select
        platform,
        account_id,
        campaign_id,
        week_start,
        {{ sum_measures() }}

    from days
    group by platform, account_id, campaign_id, week_start
    having count(*) = 7

)

select * from final
