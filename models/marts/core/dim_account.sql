-- one row per platform and account that was read, or asked for in vain
with

periods as (

    select * from {{ ref('int_campaign_periods') }}

),

coverage as (

    select * from {{ ref('int_coverage') }}

),

listed as (

    {{ listed_by_api('accounts') }}

),

seen as (

    select
        platform,
        account_id,
        {{ latest('account_name') }} as account_name,
        {{ latest('currency') }} as currency,
        {{ latest('time_zone') }} as time_zone,
        min(date_day) as first_day,
        max({{ last_day_of_row() }}) as last_day

    from periods
    group by platform, account_id

),

accounts as (

    {% for known in ['coverage', 'seen', 'listed'] %}
    select
        platform,
        account_id

    from {{ known }}
    {% if not loop.last %}union distinct{% endif %}
    {% endfor %}

),

final as (

    select
        accounts.platform,
        accounts.account_id,
        coalesce(listed.account_name, seen.account_name) as account_name,
        coalesce(listed.currency, seen.currency) as currency,
        coalesce(listed.time_zone, seen.time_zone) as time_zone,
        seen.first_day,
        seen.last_day

    from accounts
    {% for known in ['listed', 'seen'] %}
    left join {{ known }}
        on
            accounts.platform = {{ known }}.platform
            and accounts.account_id = {{ known }}.account_id
    {% endfor %}

)

select * from final
