-- one row per budget and day since it first spent: how it usually spends
with

days as (

    select * from {{ ref('int_budget_spend') }}
    where has_begun

),

final as (

    {{ spend_habits('days', 'budget_id', 'spend') }}

)

select * from final
