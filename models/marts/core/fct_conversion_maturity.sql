-- one row per platform, account and day with figures: how settled they are
{% set told = 'case when is_mature or conversions > 0 then conversions end' %}
with

periods as (

    select
        platform,
        account_id,
        date_day,
        {{ sum_measures(['conversions']) }}

    from {{ ref('int_campaign_periods') }}
    where grain = 'day'
    group by platform, account_id, date_day

),

shares as (

    select * from {{ ref('int_conversion_shares') }}

),

joined as (

    select
        shares.*,
        periods.conversions

    from periods
    inner join shares
        on
            periods.platform = shares.platform
            and periods.account_id = shares.account_id
            and periods.date_day = shares.date_day

),

final as (

    select
        platform,
        account_id,
        date_day,
        read_at,
        age_days,
        conversions,
        cast(share as double) as share_reported,
        {{ safe_divide(told, 'share') }} as expected_conversions,
        {{ safe_divide(told, 'share_high') }} as lower,
        {{ safe_divide(told, 'share_low') }} as upper,
        learned_from,
        cast(days_observed as bigint) as days_observed,
        is_mature

    from joined

)

select * from final
