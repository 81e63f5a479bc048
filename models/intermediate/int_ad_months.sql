-- one row per ad and month with figures: its names and days in it
{% set ad = 'platform, account_id, campaign_id, ad_group_id, ad_id' %}
with

days as (

    select
        {{ ad }},
        ad_group_name,
        ad_name,
        date_day as day,
        'month' as grain,
        {{ period_start('month', 'date_day') }} as date_day

    from {{ ref('int_ad_daily') }}
    where ad_id != '{{ unattributed() }}'

),

final as (

    select
        {{ ad }},
        grain,
        date_day,
        {{ latest('ad_group_name', 'day') }} as ad_group_name,
        {{ latest('ad_name', 'day') }} as ad_name,
        min(day) as first_day,
        max(day) as last_day

    from days
    {{ changed_only('where') }}
    group by {{ ad }}, grain, date_day

)

select * from final
