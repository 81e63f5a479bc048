-- one row per budget and version of it, with the days that it holds for
{% set text = dbt.type_string() %}
with

plans as (

    select * from {{ ref('budgets') }}

),

seen as (

    select
        *,
        platform || ':' || account_id || ':' || budget_id || ':' || kind as id,
        cast(valid_from as date) as first_valid_day,
        {{ add_days('cast(valid_to as date)', -1) }} as last_valid_day,
        min(cast(valid_from as date)) over (
            partition by platform, account_id, budget_id, kind
        ) as known_from

    from {{ ref('budget_versions') }}

),

final as (

    select
        budget_id,
        'plan' as origin,
        platform,
        {{ clean_text('account_id') }} as account_id,
        {{ clean_text('campaign_id') }} as campaign_id,
        kind,
        amount,
        currency,
        start_date as valid_from,
        end_date as valid_to,
        start_date as known_from,
        start_date as first_day,
        end_date as last_day

    from plans
    union all
    select
        id as budget_id,
        'platform' as origin,
        platform,
        account_id,
        campaign_id,
        kind,
        case when is_active then amount else 0 end as amount,
        currency,
        first_valid_day as valid_from,
        last_valid_day as valid_to,
        known_from,
        first_day,
        last_day

    from seen
    where coalesce(last_valid_day, first_valid_day) >= first_valid_day

)

select * from final
