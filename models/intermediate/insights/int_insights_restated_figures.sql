-- one row per account and month whose settled figures changed
with

rule as (

    {{ insight_rule('restated_figures') }}

),

months as (

    select
        platform, account_id, month_start,
        {{ sum_measures(['cost', 'cost_local', 'conversions']) }}

    from {{ ref('agg_campaign_monthly') }}
    group by platform, account_id, month_start

),

compared as (

    select
        restated.*,
        case
            when restated.measure = 'cost' then months.cost_local
            else months.conversions
        end as figure_now,
        months.cost

    from {{ ref('int_settled_restatements') }} as restated
    inner join months
        on
            restated.platform = months.platform
            and restated.account_id = months.account_id
            and restated.month_start = months.month_start

),

weighed as (

    select
        *,
        abs({{ safe_divide('change', 'figure_now - change') }}) as size,
        abs({{ safe_divide('change', 'figure_now') }}) * cost as impact_amount

    from compared

),

found as (

    select
        weighed.*,
        '{{ whole() }}' as campaign_id,
        weighed.month_start as first_day,
        weighed.last_restated_day as date_day,
        case when weighed.change > 0 then 'more' else 'less' end as direction

    from weighed
    cross join rule
    where
        weighed.size >= rule.min_change
        and abs(weighed.change) >= case weighed.measure
            when 'cost' then rule.min_cost else rule.min_events
        end

),

final as (

    {{ insights(
        'found', 'restated_figures',
        ['measure', 'days_restated', 'change', 'figure_now', 'read_day'],
        ['measure']
    ) }}

)

select * from final
