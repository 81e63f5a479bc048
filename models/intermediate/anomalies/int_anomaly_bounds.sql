-- one row per series, day and metric with a baseline: found and expected
{% set columns = ['threshold', 'verdict', 'date_day'] + series_key() %}
with

figures as (

    select * from {{ ref('int_series_figures') }}

),

scores as (

    select
        {{ columns | join(', ') }},
        expected,
        {{ widened('lower') }} as lower,
        {{ widened('upper') }} as upper,
        z_score,
        anomaly_kind

    from {{ ref('int_anomaly_scores') }}

),

-- The count model judges conversions for the money: CPA is its inverse.
turned as (

    select
        {{ columns | join(', ') }},
        1 / nullif(expected, 0) as expected,
        1 / nullif(upper, 0) as lower,
        case when lower > 0 then 1 / lower end as upper,
        -z_score as z_score,
        case anomaly_kind
            when 'spike' then 'drop' when 'drop' then 'spike'
        end as anomaly_kind

    from scores
    where metric = 'cpa'
    union all
    select * from scores
    where metric != 'cpa'

),

final as (

    select
        turned.*,
        figures.value,
        figures.cost,
        figures.is_mature,
        figures.share,
        figures.share_low,
        figures.share_high

    from turned
    inner join figures
        on
            turned.level = figures.level
            and turned.platform = figures.platform
            and turned.account_id = figures.account_id
            and turned.campaign_id = figures.campaign_id
            and turned.metric = figures.metric
            and turned.date_day = figures.date_day
    where turned.expected is not null

)

select * from final
