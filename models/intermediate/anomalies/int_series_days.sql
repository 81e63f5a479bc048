-- one row per series and day: a campaign, an account or a platform as a whole
{% set all = "'" ~ whole() ~ "'" %}
{% set levels = {
    'campaign': ['account_id', 'campaign_id'],
    'account': ['account_id', all],
    'platform': [all, all],
} %}
with

days as (

    select * from {{ ref('int_campaign_days_settled') }}

),

final as (

    {% for level, ids in levels.items() %}
    select
        '{{ level }}' as level,
        platform,
        {{ ids[0] }} as account_id,
        {{ ids[1] }} as campaign_id,
        date_day,
        {% for figure in measures() + [
            'settled_conversions', 'settled_value'
        ] %}
        case
            when min(case when is_covered then 1 else 0 end) = 1
                then cast(sum({{ figure }}) as double)
        end as {{ figure }},
        {% endfor %}
        coalesce(
            cast(sum(conversions) as double)
            / nullif(cast(sum(settled_conversions) as double), 0),
            min(share)
        ) as share,
        min(share_low) as share_low,
        max(share_high) as share_high,
        min(case when is_mature then 1 else 0 end) = 1 as is_mature

    from days
    where is_whole or '{{ level }}' != 'platform'
    group by all
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select * from final
