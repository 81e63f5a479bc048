-- one row per account, level, grain and day: are its figures whole and final
{#- A level needs the campaign's figures, and its own report: an export is
    both. -#}
{% set needs = {
    'campaign': is_authority(),
    'ad': "report in ('ad', 'export')",
    'device': "report in ('campaign_device', 'export')",
} %}
with

coverage as (

    select * from {{ ref('int_coverage') }}

),

platforms as (

    select * from {{ ref('platforms') }}

),

periods as (

    select
        coverage.*,
        coalesce(
            coverage.status in ('loaded', 'empty')
            and not {{ is_partial('coverage.detail') }}, false
        ) as is_read,
        {{ last_day_of_row() }} as last_day,
        coalesce(
            platforms.maturity_days, {{ var('default_maturity_days') }}
        ) as maturity_days

    from coverage
    left join platforms on coverage.platform = platforms.platform

),

settled as (

    select
        *,
        is_read and {{ add_days('last_day', 'maturity_days') }}
        <= cast(read_at as date) as is_settled

    from periods

),

final as (

    {% for level, condition in needs.items() %}
    select
        platform,
        account_id,
        '{{ level }}' as level,
        grain,
        date_day,
        {{ any_row('is_read', needs.campaign) }}
        and {{ any_row('is_read', condition) }}
            as is_complete,
        {{ any_row('is_settled', needs.campaign) }}
        and {{ any_row('is_settled', condition) }}
            as is_mature

    from settled
    group by platform, account_id, grain, date_day
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select * from final
