-- one row per budget and day of its accounts: what was spent, null if not known
with

scopes as (

    select * from {{ ref('int_budget_scopes') }}

),

coverage as (

    select * from {{ ref('int_coverage_by_day') }}
    where level = 'campaign' and grain = 'day'

),

money as (

    select * from {{ ref('int_budget_money') }}

),

days as (

    select
        scopes.budget_id,
        coverage.date_day,
        min(case when coverage.is_complete then 1 else 0 end) = 1 as is_read

    from scopes
    inner join coverage
        on
            scopes.platform = coverage.platform
            and coalesce(scopes.account_id, coverage.account_id)
            = coverage.account_id
    group by scopes.budget_id, coverage.date_day

),

final as (

    select
        days.budget_id,
        days.date_day,
        case
            when not days.is_read then null
            when money.date_day is null then 0
            else money.spend
        end as spend,
        max(money.date_day) over (
            partition by days.budget_id order by days.date_day
            rows unbounded preceding
        ) is not null as has_begun

    from days
    left join money
        on
            days.budget_id = money.budget_id
            and days.date_day = money.date_day

)

select * from final
