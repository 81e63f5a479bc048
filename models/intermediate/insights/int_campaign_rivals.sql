-- one row per campaign and older one that bids for the same people
{% set account = 'platform, account_id' %}
with

campaigns as (

    select
        {{ account }},
        campaign_id,
        campaign_name,
        channel,
        min(campaign_first_day) as first_day,
        max(max(date_day)) over (partition by {{ account }}) as last_day

    from {{ ref('int_insight_days') }}
    group by {{ account }}, campaign_id, campaign_name, channel

),

-- A search, shopping or Performance Max campaign may take the others' queries.
fields as (

    select
        *,
        case
            when channel in ('search', 'shopping', 'performance_max')
                then 'search'
            else channel
        end as field

    from campaigns

),

final as (

    select
        younger.platform,
        younger.account_id,
        younger.campaign_id,
        older.campaign_id as older_campaign_id,
        older.campaign_name as older_campaign_name,
        younger.first_day,
        younger.last_day

    from fields as younger
    inner join fields as older
        on
            younger.platform = older.platform
            and younger.account_id = older.account_id
            and younger.field = older.field
            and younger.first_day > older.first_day

)

select * from final
