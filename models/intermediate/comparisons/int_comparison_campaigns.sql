-- one row per comparison and campaign with figures on days that were read
{% set halves = {
    '': 'periods.date_day >= accounts.period_start',
    'previous_': 'periods.date_day <= accounts.previous_end',
} %}
{% set keys = 'accounts.comparison, accounts.period_start, periods.platform, '
    ~ 'periods.account_id, periods.campaign_id, accounts.is_complete, '
    ~ 'accounts.previous_is_complete' %}

with

accounts as (

    select * from {{ ref('int_comparison_accounts') }}

),

coverage as (

    select * from {{ ref('int_coverage_by_day') }}
    where level = 'campaign' and grain = 'day' and is_complete

),

periods as (

    select * from {{ ref('int_campaign_periods') }}
    where grain = 'day'

),

summed as (

    select
        {{ keys }},
        {% for measure in measures() %}
        {% for prefix, test in halves.items() %}
        sum(case when {{ test }} then periods.{{ measure }} end)
            as {{ prefix }}{{ measure }},
        {% endfor %}
        count(periods.{{ measure }}) = count(*) as knows_{{ measure }},
        {% endfor %}
        {{ any_row(halves[''], has_delivery('periods')) }} as is_active,
        {{ any_row(halves['previous_'], has_delivery('periods')) }}
            as previous_is_active

    from accounts
    inner join periods
        on
            accounts.platform = periods.platform
            and accounts.account_id = periods.account_id
            and periods.date_day
            between accounts.previous_start and accounts.period_end
    inner join coverage
        on
            periods.platform = coverage.platform
            and periods.account_id = coverage.account_id
            and periods.date_day = coverage.date_day
    group by {{ keys }}

),

final as (

    select
        *,
        case
            when is_active and previous_is_active then 'both'
            when is_active and previous_is_complete then 'new'
            when previous_is_active and is_complete then 'stopped'
            else 'unknown'
        end as presence

    from summed

)

select * from final
