-- What totals come from = campaign periods + rows held back, by account and
-- measure. Money is compared in accounts of one currency; others have no local
-- sum.
{% set counts = ['impressions', 'clicks', 'conversions'] %}

with

staging as (

    select
        platform,
        account_id,
        {% for measure in counts %}
        sum(coalesce({{ measure }}, 0)) as {{ measure }},
        {% endfor %}
        case
            when count(distinct coalesce(currency, '')) = 1
                then sum(coalesce(cost_local, 0))
        end as cost_local

    from {{ ref('int_performance') }}
    where {{ is_authority() }}
    group by platform, account_id

),

parts as (

    select
        platform,
        account_id,
        cost_local,
        {{ counts | join(', ') }}

    from {{ ref('int_campaign_periods') }}
    union all
    select
        platform,
        account_id,
        cost_local,
        {{ counts | join(', ') }}

    from {{ ref('int_performance_judged') }}
    where is_held and {{ is_authority() }}

),

summed as (

    select
        platform,
        account_id,
        {% for measure in counts %}
        sum(coalesce({{ measure }}, 0)) as {{ measure }},
        {% endfor %}
        sum(coalesce(cost_local, 0)) as cost_local

    from parts
    group by platform, account_id

),

final as (

    select staging.*
    from staging
    left join summed
        on
            staging.platform = summed.platform
            and staging.account_id = summed.account_id
    where
        summed.platform is null
        or staging.cost_local != summed.cost_local
        {% for measure in counts %}
        or staging.{{ measure }} != summed.{{ measure }}
        {% endfor %}

)

select * from final
