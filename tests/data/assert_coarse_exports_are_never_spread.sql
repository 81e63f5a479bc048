-- A weekly or monthly row reaches its own roll-up whole, or gives way to days.
with

exported as (

    select
        platform,
        account_id,
        campaign_id,
        grain,
        date_day as period_start,
        impressions,
        clicks,
        cost,
        conversions,
        conversion_value

    from {{ ref('int_campaign_periods') }}
    where grain != 'day'

),

rolled_up as (

    {% for period in ['week', 'month'] %}
    select
        platform,
        account_id,
        campaign_id,
        source_grain as grain,
        {{ period }}_start as period_start,
        impressions,
        clicks,
        cost,
        conversions,
        conversion_value

    from {{ ref('agg_campaign_' ~ period ~ 'ly') }}
    where source_grain != 'day'
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

covered_by_days as (

    {% for period in ['week', 'month'] %}
    select
        platform,
        account_id,
        campaign_id,
        '{{ period }}' as grain,
        {{ period_start(period, 'date_day') }} as period_start

    from {{ ref('fct_campaign_daily') }}
    {% if not loop.last %}union distinct{% endif %}
    {% endfor %}

),

expected as (

    select exported.*
    from exported
    left join covered_by_days as days
        on
            exported.platform = days.platform
            and exported.account_id = days.account_id
            and exported.campaign_id = days.campaign_id
            and exported.grain = days.grain
            and exported.period_start = days.period_start
    where days.platform is null

),

final as (

    (
        select * from expected
        except
        select * from rolled_up
    )
    union all
    (
        select * from rolled_up
        except
        select * from expected
    )

)

select * from final
