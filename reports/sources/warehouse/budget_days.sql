-- one row per budget and day of its last period, of 200 budgets at most
select
    budget_id,
    date_day,
    cast(planned_to_date as double) as planned_to_date,
    cast(spent_to_date as double) as spent_to_date,
    cast(planned_total as double) as planned_total,
    cast(projected_total as double) as projected_total,
    cast(lower_total as double) as lower_total,
    cast(upper_total as double) as upper_total
from (
    select
        *,
        max(period_start) over (partition by budget_id) as last_start,
        dense_rank() over (order by origin, budget_id) as place
    from marts.fct_budget_pacing
    where planned_total is not null
) as pacing
right join (select 1) as always on true
where (period_start = last_start and place <= 200) or place is null
order by budget_id, date_day
