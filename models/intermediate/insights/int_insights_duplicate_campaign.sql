-- one row per campaign that is a copy of another one that runs beside it
{% set alike = '(partition by platform, account_id, channel, '
    ~ without_copy_marks('campaign_name')
    ~ ' order by impact_amount desc nulls last, campaign_id asc)' %}
{% set campaign = 'platform, account_id, campaign_id, campaign_name, '
    ~ 'campaign_first_day, channel' %}
with

rule as (

    {{ insight_rule('duplicate_campaign') }}

),

days as (

    select
        running.*,
        days.date_day,
        days.cost,
        max(days.date_day) over (partition by days.platform, days.account_id)
            as last_day

    from {{ ref('fct_campaign_daily') }} as days
    inner join {{ ref('int_running_campaigns') }} as running
        on
            days.platform = running.platform
            and days.account_id = running.account_id
            and days.campaign_id = running.campaign_id

),

campaigns as (

    select
        {{ campaign }},
        max(date_day) as date_day,
        sum(cost) as impact_amount

    from days
    where
        {{ days_between('date_day', 'last_day') }}
        < (select rule.days from rule)
    group by {{ campaign }}

),

ranked as (

    select
        *,
        row_number() over {{ alike }} as place,
        {% for name in ['id', 'name', 'first_day'] %}
        first_value(campaign_{{ name }}) over {{ alike }} as twin_{{ name }},
        {% endfor %}
        first_value(impact_amount) over {{ alike }} as twin_cost

    from campaigns

),

found as (

    select
        *,
        (select rule.days from rule) as days,
        greatest(campaign_first_day, twin_first_day) as first_day

    from ranked
    where place > 1 and impact_amount >= (select rule.min_cost from rule)

),

final as (

    {{ insights('found', 'duplicate_campaign', ['twin_id']) }}

)

select * from final
