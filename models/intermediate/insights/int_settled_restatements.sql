-- one row per account, month and measure: change since its days had settled
with

rule as (

    {{ insight_rule('restated_figures') }}

),

platforms as (

    select * from {{ ref('dim_platform') }}

),

restated as (

    select
        restatements.*,
        -- Steps of one day and measure lead from what was to what is.
        restatements.after - restatements.before as step,
        {{ period_start('month', 'restatements.date_day') }} as month_start,
        case
            when restatements.measure = 'cost' then rule.days
            else platforms.maturity_days
        end as settled_days

    from {{ ref('restatements') }} as restatements
    inner join platforms on restatements.platform = platforms.platform
    cross join rule
    where
        {{ is_authority('restatements.report') }}
        and restatements.grain = 'day'
        and restatements.measure in ('cost', 'conversions')

),

final as (

    select
        platform,
        account_id,
        month_start,
        measure,
        min(date_day) as first_restated_day,
        max(date_day) as last_restated_day,
        count(distinct date_day) as days_restated,
        cast(max(read_at) as date) as read_day,
        sum(step) as change

    from restated
    where
        {{ days_between('date_day', 'cast(read_before as date)') }}
        >= settled_days
    group by platform, account_id, month_start, measure

)

select * from final
