-- one row per platform, account, budget and kind, as the platforms list it now
with

listed as (

    {{ union_staging('budgets', listing_budgets()) }}

),

-- A budget may be shared by campaigns: it rests when all of them do.
final as (

    select
        platform,
        account_id,
        budget_id,
        kind,
        {{ the_only('campaign_id') }} as campaign_id,
        max(amount) as amount,
        max(currency) as currency,
        max(case when is_active then 1 else 0 end) = 1 as is_active,
        max(first_day) as first_day,
        max(last_day) as last_day

    from listed
    where amount is not null
    group by platform, account_id, budget_id, kind

)

select * from final
