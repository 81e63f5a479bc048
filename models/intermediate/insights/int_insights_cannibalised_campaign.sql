-- one row per new campaign that takes an older one's conversions
with

rule as (

    {{ insight_rule('cannibalised_campaign') }}

),

measured as (

    select
        *,
        older_ratio / nullif(rest_ratio, 0) - 1 as change,
        older_before * rest_ratio - older_after as conversions_lost,
        ln(
            greatest(older_after, 0.5)
            / nullif(older_before, 0) / nullif(rest_ratio, 0)
        ) / nullif(sqrt(
            older_dispersion
            * (1 / nullif(older_before, 0) + 1 / greatest(older_after, 0.5))
            + rest_dispersion
            * (1 / nullif(rest_before, 0) + 1 / nullif(rest_after, 0))
        ), 0) as z_score

    from {{ ref('int_rival_sums') }}

),

found as (

    select
        measured.*,
        rule.days,
        -measured.change as fall,
        cast(measured.younger_cost as double) * least(
            1,
            measured.conversions_lost
            / nullif(measured.younger_conversions, 0)
        ) as impact_amount

    from measured
    cross join rule
    where
        measured.half_days >= rule.days
        and {{ days_between('measured.first_day', 'measured.last_day') }}
        < 4 * rule.days
        and measured.older_before >= rule.min_events
        and measured.rest_before >= rule.min_events
        and measured.younger_cost >= rule.min_cost
        and measured.change <= -rule.min_change
        and measured.z_score <= -rule.min_z
        and 2 * measured.conversions_lost >= measured.younger_conversions

),

final as (

    {{ insights(
        'found', 'cannibalised_campaign',
        ['older_campaign_id', 'older_before', 'older_after', 'rest_before',
         'rest_after', 'younger_conversions', 'younger_cost',
         'conversions_lost', 'z_score'],
        ['older_campaign_id']
    ) }}

)

select * from final
