-- one row per account and day: whether its campaigns moved together
{% set kinds = ['spike', 'drop', 'flatline'] %}
with

judged as (

    select * from {{ ref('int_anomalies_judged') }}
    where level = 'campaign'

),

-- Together is the same figure in the same way: else it is chance.
moves as (

    select
        platform,
        account_id,
        date_day,
        metric,
        greatest(
            {% for kind in kinds %}
            {{ at_least_half(
                "case when anomaly_kind = '" ~ kind ~ "' then 1 else 0 end"
            ) }}{{ ',' if not loop.last }}
            {% endfor %}
        ) as is_broad

    from judged
    group by platform, account_id, date_day, metric

),

accounts as (

    select
        platform,
        account_id,
        date_day,
        max(is_broad) as is_broad

    from moves
    group by platform, account_id, date_day

),

platforms as (

    select
        platform,
        date_day,
        {{ at_least_half('is_broad') }} as is_broad

    from accounts
    group by platform, date_day

),

final as (

    select
        accounts.platform,
        accounts.account_id,
        accounts.date_day,
        accounts.is_broad = 1 as is_broad_account,
        platforms.is_broad = 1 as is_broad_platform

    from accounts
    inner join platforms
        on
            accounts.platform = platforms.platform
            and accounts.date_day = platforms.date_day

)

select * from final
