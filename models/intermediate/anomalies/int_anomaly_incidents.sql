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
lagged as (

    select
        *,
        {{ add_days(
            'lag(date_day) ' ~ in_scope, var('incident_quiet_days') + 1
        ) }} as joins_until

    from days

),

started as (

    select
        *,
        case when date_day <= joins_until then null else date_day end
            as start_day

    from lagged

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
            scopes.platform = islands.platform
            and scopes.scope_account_id = islands.scope_account_id
            and scopes.scope_campaign_id = islands.scope_campaign_id
            and scopes.date_day = islands.date_day

)

select * from final
