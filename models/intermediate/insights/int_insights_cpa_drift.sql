-- one row per campaign whose conversions have become dearer
with

rule as (

    {{ insight_rule('cpa_drift') }}

),

measured as (

    select
        *,
        cpa_now / nullif(cpa_before, 0) - 1 as change,
        cpa_change / sqrt(
            dispersion
            * (1 / nullif(conversions, 0) + 1 / nullif(conversions_before, 0))
        ) as z_score,
        case
            when cpm_change + ctr_change + cvr_change is null then 'unknown'
            when cpm_change >= ctr_change and cpm_change >= cvr_change
                then 'dearer impressions (CPM)'
            when ctr_change >= cvr_change
                then 'fewer clicks per impression (CTR)'
            else 'fewer conversions per click (CVR)'
        end as driver,
        greatest(cpm_change, ctr_change, cvr_change) / cpa_change
            as driver_share

    from {{ ref('int_cpa_comparisons') }}

),

judged as (

    select
        measured.*,
        coalesce(
            measured.cost >= rule.min_cost
            and measured.conversions >= rule.min_events
            and measured.conversions_before >= rule.min_events
            and measured.change >= rule.min_change
            and measured.z_score >= rule.min_z,
            false
        ) as is_found

    from measured
    cross join rule

),

found as (

    select
        current_findings.*,
        {{ add_days('as_of_week', 6) }} as date_day,
        {{ add_days('first_week', 6) }} as first_day,
        rule.days,
        3 * rule.days as days_before,
        current_findings.cost
        - current_findings.conversions * current_findings.cpa_before
            as impact_amount

    from ({{ current_findings('judged') }}) as current_findings
    cross join rule

),

final as (

    {{ insights(
        'found', 'cpa_drift',
        ['cpa_before', 'cpa_now', 'conversions_before', 'conversions', 'cost',
         'driver', 'driver_share', 'z_score', 'dispersion']
    ) }}

)

select * from final
