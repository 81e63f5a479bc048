-- one row per comparison, scope, whole, metric, campaign and driver
{% set keys_of_whole = ['comparison', 'period_start', 'scope', 'whole'] %}
{% set keys_of_part = ['platform', 'account_id', 'campaign_id'] %}
with

campaigns as (

    {{ in_change_scopes(ref('int_comparison_campaigns')) }}

),

wholes as (

    select * from {{ ref('int_comparison_wholes') }}

),

parts as (

    {{ change_drivers('campaigns', keys_of_whole, keys_of_part) }}

),

final as (

    select
        -- what is compared
        {% for column in keys_of_whole + [
            'period_end', 'previous_start', 'previous_end',
        ] %}
        wholes.{{ column }},
        {% endfor %}
        parts.metric,
        parts.value,
        parts.previous_value,
        parts.change,

        -- trust
        {% for column in [
            'account_days', 'account_days_read', 'is_complete', 'is_mature',
        ] %}
        wholes.{{ column }},
        wholes.previous_{{ column }},
        {% endfor %}

        -- the part
        coalesce(parts.platform, wholes.platform) as platform,
        coalesce(parts.account_id, wholes.account_id) as account_id,
        parts.campaign_id,
        names.campaign_name,
        parts.driver,
        parts.contribution,
        parts.part_value as campaign_value,
        parts.part_previous_value as campaign_previous_value

    from parts
    inner join wholes
        on
            parts.comparison = wholes.comparison
            and parts.period_start = wholes.period_start
            and parts.scope = wholes.scope
            and parts.whole = wholes.whole
    left join {{ ref('dim_campaign') }} as names
        on
            parts.platform = names.platform
            and parts.account_id = names.account_id
            and parts.campaign_id = names.campaign_id

)

select * from final
