-- one row per platform, account, campaign and week or month
{% set keys = 'platform, account_id, campaign_id, grain, date_day' %}
{% set figures = 'impressions, clicks, cost, conversions, conversion_value, '
    ~ 'cost_local, conversion_value_local, currency' %}

with

periods as (

    select * from {{ ref('int_campaign_periods') }}

),

daily as (

    {% for period in ['week', 'month'] %}
    select
        platform,
        account_id,
        campaign_id,
        '{{ period }}' as grain,
        {{ period_start(period, 'date_day') }} as date_day,
        {{ figures }}

    from periods
    where grain = 'day'
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

from_days as (

    select
        {{ keys }},
        'day' as source_grain,
        {{ sum_measures() }},
        {{ sum_of_one_currency('cost_local') }} as cost_local,
        {{ sum_of_one_currency('conversion_value_local') }}
            as conversion_value_local,
        {{ the_only('currency') }} as currency

    from daily
    {{ changed_only('where') }}
    group by {{ keys }}

),

exported as (

    select
        *,
        grain as source_grain

    from periods
    where grain != 'day' {{ changed_only('and') }}

),

-- A coarser export only fills what no daily row covers; it is never spread.
final as (

    select {{ keys }}, source_grain, {{ figures }}
    from from_days
    union all
    select {{ keys }}, source_grain, {{ figures }}
    from exported
    where not exists (
        select 1 from from_days
        where
            from_days.platform = exported.platform
            and from_days.account_id = exported.account_id
            and from_days.campaign_id = exported.campaign_id
            and from_days.grain = exported.grain
            and from_days.date_day = exported.date_day
    )

)

select * from final
