-- Every ratio is the quotient of the sums beside it, null where they have none.
with

figures as (

    {% for mart, day in [
        ('fct_campaign_daily', 'date_day'),
        ('fct_ad_daily', 'date_day'),
        ('fct_campaign_device_daily', 'date_day'),
        ('agg_platform_daily', 'date_day'),
        ('agg_campaign_weekly', 'week_start'),
        ('agg_campaign_monthly', 'month_start'),
    ] %}
    select
        '{{ mart }}' as mart,
        {{ day }} as first_day,
        impressions,
        clicks,
        cost,
        conversions,
        conversion_value,
        ctr,
        cpc,
        cpm,
        cvr,
        cpa,
        roas,
        aov

    from {{ ref(mart) }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

final as (

    select *
    from figures
    where
        (ctr is null) != (coalesce(impressions, 0) = 0 or clicks is null)
        or (roas is null) != (coalesce(cost, 0) = 0 or conversion_value is null)
        or (cpa is null) != (coalesce(conversions, 0) = 0 or cost is null)
        or abs(ctr * impressions - clicks) > 0.000001
        or abs(cpc * clicks - cost) > 0.000001 * (1 + abs(cost))
        or abs(cpm * impressions / 1000 - cost) > 0.000001 * (1 + abs(cost))
        or abs(cvr * clicks - conversions) > 0.000001
        or abs(cpa * conversions - cost) > 0.000001 * (1 + abs(cost))
        or abs(roas * cost - conversion_value)
        > 0.000001 * (1 + abs(conversion_value))
        or abs(aov * conversions - conversion_value)
        > 0.000001 * (1 + abs(conversion_value))

)

select * from final
