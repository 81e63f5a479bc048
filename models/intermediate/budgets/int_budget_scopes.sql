-- one row per budget and what spends it: a platform, an account or a campaign
with

budgets as (

    select * from {{ ref('int_budgets') }}

),

listed as (

    {{ union_staging('budgets', listing_budgets()) }}

),

-- Who shares a budget is known as of now only.
final as (

    select distinct
        budget_id,
        currency,
        platform,
        account_id,
        campaign_id

    from budgets
    where origin = 'plan' or campaign_id is not null
    union all
    select distinct
        budgets.budget_id,
        budgets.currency,
        listed.platform,
        listed.account_id,
        listed.campaign_id

    from budgets
    inner join listed
        on
            budgets.budget_id = listed.platform || ':' || listed.account_id
            || ':' || listed.budget_id || ':' || listed.kind
    where budgets.origin = 'platform' and budgets.campaign_id is null

)

select * from final
