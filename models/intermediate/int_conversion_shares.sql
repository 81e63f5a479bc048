-- one row per account and day: which share of its conversions is told by now
with

ages as (

    select
        platform,
        account_id,
        date_day,
        maturity_days,
        max(age_days) as age_days,
        max(read_at) as read_at

    from {{ ref('int_conversion_reads') }}
    group by platform, account_id, date_day, maturity_days

),

curves as (

    select * from {{ ref('int_conversion_curves') }}

),

learned as (

    select
        ages.*,
        {% for figure in [
            'days_observed', 'share', 'share_low', 'share_high'
        ] %}
        coalesce(own.{{ figure }}, pool.{{ figure }}) as {{ figure }},
        {% endfor %}
        case
            when own.share is not null then 'account'
            when pool.share is not null then 'platform'
        end as learned_from

    from ages
    left join curves as own
        on
            ages.platform = own.platform
            and ages.account_id = own.account_id
            and ages.age_days = own.age_days
    left join curves as pool
        on
            ages.platform = pool.platform
            and ages.age_days = pool.age_days
            and pool.account_id is null

),

final as (

    select
        platform,
        account_id,
        date_day,
        read_at,
        cast(age_days as bigint) as age_days,
        age_days >= maturity_days as is_mature,
        {% for share in ['share', 'share_low', 'share_high'] %}
        case when age_days >= maturity_days then 1 else {{ share }} end
            as {{ share }},
        {% endfor %}
        case when age_days < maturity_days then learned_from end
            as learned_from,
        case when age_days < maturity_days then days_observed end
            as days_observed

    from learned

)

select * from final
