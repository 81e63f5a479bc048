-- one row per flagged series and day: the incident that it belongs to
{% set scope = ['platform', 'scope_account_id', 'scope_campaign_id'] %}
{% set in_scope = 'over (partition by ' ~ scope | join(', ')
    ~ ' order by date_day)' %}
with

scopes as (

    select * from {{ ref('int_anomaly_scopes') }}

),

days as (

    select distinct
        {{ scope | join(', ') }},
        date_day

    from scopes

),

-- Quiet days in between, up to the var, do not make a new incident.
started as (

    select
        *,
        case
            when {{ days_between('lag(date_day) ' ~ in_scope, 'date_day') }}
                <= {{ var('incident_quiet_days') }} + 1
                then null
            else date_day
        end as start_day

    from days

),

islands as (

    select
        *,
        max(start_day) {{ in_scope }} as first_day

    from started

),

final as (

    select
        scopes.*,
        islands.first_day,
        {{ text_hash(
            ['islands.platform', 'islands.scope_account_id',
             'islands.scope_campaign_id', 'islands.first_day']
        ) }} as incident_id

    from scopes
    inner join islands
        on
            {% for key in scope + ['date_day'] %}
            {{ 'and ' if not loop.first }}scopes.{{ key }} = islands.{{ key }}
            {% endfor %}

)

select * from final
