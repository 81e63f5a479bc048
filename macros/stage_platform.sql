{#- What the platforms with an API have in common: the same raw tables, whose
    rows are clean already. -#}

{% macro stage_reports(platform, columns) -%}
{%- set text = dbt.type_string() -%}
{%- set details = {
    'campaign': [],
    'ad': ['ad_group_id', 'ad_group_name', 'ad_id'],
    'campaign_device': ['device'],
} -%}
with

accounts as (

    select * from {{ source('raw_' ~ platform, 'accounts') }}

),

final as (

    {% for report, carried in details.items() %}
    select
        -- where it was read
        '{{ platform }}' as source,
        '' as part,
        '{{ report }}' as origin,
        cast(null as bigint) as line,
        '{{ report }}' as report,
        reported._dlt_load_id as load_id,

        -- ids
        '{{ platform }}' as platform,
        reported.account_id,
        reported.campaign_id,
        {% for id in ['ad_group_id', 'ad_id'] %}
        {{ 'reported.' ~ id if id in carried else 'cast(null as ' ~ text ~ ')' }}
            as {{ id }},
        {% endfor %}

        -- names
        cast(null as {{ text }}) as account_name,
        reported.campaign_name,
        {{ 'reported.ad_group_name' if 'ad_group_name' in carried
            else 'cast(null as ' ~ text ~ ')' }} as ad_group_name,
        cast(null as {{ text }}) as ad_name,
        {{ columns.currency }} as currency,
        cast(null as {{ text }}) as time_zone,
        {{ columns.channel }} as channel,
        {{ 'lower(' ~ columns.device ~ ')' if 'device' in carried
            else 'cast(null as ' ~ text ~ ')' }} as device,
        cast(null as {{ text }}) as country,

        -- time
        'day' as grain,
        reported.date as date_day,

        -- measures, money in account currency
        reported.impressions,
        {{ columns.clicks }} as clicks,
        {{ columns.cost_local }} as cost_local,
        reported.conversions,
        {{ columns.conversion_value_local }} as conversion_value_local

    from {{ source('raw_' ~ platform, report) }} as reported
    left join accounts
        on reported.account_id = accounts.account_id
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select * from final
{%- endmacro %}


{% macro stage_accounts(platform) -%}
with

accounts as (

    select * from {{ source('raw_' ~ platform, 'accounts') }}

),

final as (

    select
        '{{ platform }}' as platform,
        account_id,
        account_name,
        currency,
        time_zone

    from accounts

)

select * from final
{%- endmacro %}


{% macro stage_campaigns(platform, channel, status) -%}
with

campaigns as (

    select * from {{ source('raw_' ~ platform, 'campaigns') }}

),

final as (

    select
        '{{ platform }}' as platform,
        account_id,
        campaign_id,
        campaign_name,
        {{ channel }} as channel,
        lower({{ status }}) as status

    from campaigns

)

select * from final
{%- endmacro %}


{% macro stage_ads(platform) -%}
with

ads as (

    select * from {{ source('raw_' ~ platform, 'ads') }}

),

ad_groups as (

    select * from {{ source('raw_' ~ platform, 'ad_groups') }}

),

final as (

    select
        '{{ platform }}' as platform,
        ads.account_id,
        ads.campaign_id,
        ads.ad_group_id,
        ads.ad_id,
        ad_groups.ad_group_name,
        ads.ad_name,
        lower(ads.status) as status

    from ads
    left join ad_groups
        on
            ads.account_id = ad_groups.account_id
            and ads.ad_group_id = ad_groups.ad_group_id

)

select * from final
{%- endmacro %}
