-- one row per row of an export, its texts trimmed, its ids never empty
with

performance as (

    select * from {{ source('raw_files', 'performance') }}

),

final as (

    select
        -- where it was read
        source,
        part,
        origin,
        line,
        'export' as report,
        _dlt_load_id as load_id,

        -- ids
        lower(trim(platform)) as platform,
        trim(account_id) as account_id,
        coalesce(
            {{ id_or_name('campaign_id', 'campaign_name') }},
            '{{ unattributed() }}'
        ) as campaign_id,
        {{ id_or_name('ad_group_id', 'ad_group_name') }} as ad_group_id,
        {{ id_or_name('ad_id', 'ad_name') }} as ad_id,

        -- names
        {{ clean_text('account_name') }} as account_name,
        {{ clean_text('campaign_name') }} as campaign_name,
        {{ clean_text('ad_group_name') }} as ad_group_name,
        {{ clean_text('ad_name') }} as ad_name,
        upper({{ clean_text('currency') }}) as currency,
        {{ clean_text('time_zone') }} as time_zone,
        lower({{ clean_text('channel') }}) as channel,
        lower({{ clean_text('device') }}) as device,
        {{ clean_text('country') }} as country,

        -- time
        grain,
        date as date_day,

        -- measures, money in account currency
        impressions,
        clicks,
        cost as cost_local,
        conversions,
        conversion_value as conversion_value_local

    from performance

)

select * from final
