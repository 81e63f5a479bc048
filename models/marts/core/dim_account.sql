-- one row per platform and account that was read, or asked for in vain
with

performance as (

    select * from {{ ref('int_performance_judged') }}

),

campaigns as (

    select
        platform,
        account_id,
        min(first_day) as first_day,
        max(last_day) as last_day

    from {{ ref('dim_campaign') }}
    group by platform, account_id

),

named as (

    select
        platform,
        account_id,
        {{ latest('account_name') }} as account_name,
        {{ latest('currency') }} as currency,
        {{ latest('time_zone') }} as time_zone

    from performance
    where not is_held
    group by platform, account_id

),

accounts as (

    select
        platform,
        account_id

    from {{ ref('int_coverage') }}
    union distinct
    select
        platform,
        account_id

    from named

),

final as (

    select
        accounts.platform,
        accounts.account_id,
        named.account_name,
        named.currency,
        named.time_zone,
        campaigns.first_day,
        campaigns.last_day

    from accounts
    left join named
        on
            accounts.platform = named.platform
            and accounts.account_id = named.account_id
    left join campaigns
        on
            accounts.platform = campaigns.platform
            and accounts.account_id = campaigns.account_id

)

select * from final
