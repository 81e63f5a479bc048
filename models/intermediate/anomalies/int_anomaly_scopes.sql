-- one row per flagged series and day: what its incident is about
{% set ids = ['account_id', 'campaign_id'] %}
with

flagged as (

    select * from {{ ref('int_flagged_series') }}

),

-- A whole is flagged because of its dearest flagged part, if it has one.
ranked as (

    select
        wholes.level,
        wholes.platform,
        wholes.account_id,
        wholes.campaign_id,
        wholes.date_day,
        parts.scope_account_id,
        parts.scope_campaign_id,
        row_number() over (
            partition by
                wholes.platform,
                wholes.account_id,
                wholes.campaign_id,
                wholes.date_day
            order by
                {{ level_rank('parts.level') }} asc,
                parts.money desc nulls last,
                parts.account_id asc,
                parts.campaign_id asc
        ) as place

    from flagged as wholes
    inner join flagged as parts
        on
            wholes.platform = parts.platform
            and wholes.date_day = parts.date_day
            {% for id in ids %}
            and wholes.{{ id }} in (parts.{{ id }}, '{{ whole() }}')
            {% endfor %}

),

final as (

    select
        level,
        platform,
        account_id,
        campaign_id,
        date_day,
        scope_account_id,
        scope_campaign_id

    from ranked
    where place = 1

)

select * from final
