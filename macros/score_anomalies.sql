{% macro score_anomalies(
    relation, window_days=28, min_observations=14, threshold=4,
    scale_floor=0.03, flat_days=5
) -%}
{%- set series = 'partition by platform, account_id, campaign_id, metric' -%}
{%- set before = 'range between ' ~ window_days
    ~ ' preceding and 1 preceding' -%}
{%- set trailing = '(' ~ series ~ ' order by day_number ' ~ before ~ ')' -%}
{%- set same_weekday = '(' ~ series ~ ', day_number % 7 order by day_number '
    ~ before ~ ')' -%}
{%- set before_run = '(' ~ series ~ ' order by day_number range between '
    ~ (window_days + flat_days - 1) ~ ' preceding and ' ~ flat_days
    ~ ' preceding)' -%}
with

-- A series this short has no baseline on any day.
long_enough as (

    select
        *,
        count(value) over ({{ series }}) as values_in_all

    from {{ relation }}

),

days as (

    select
        *,
        {{ days_between("cast('1970-01-01' as date)", 'date_day') }}
            as day_number,
        {{ signed_root('value') }} as root,
        lag(value) over ({{ series }} order by date_day) as value_before,
        lag(date_day) over ({{ series }} order by date_day) as day_before

    from long_enough
    where values_in_all >= {{ min_observations }}

),

-- 1. What is usual: the median of the days before, and per unit of it.
levels as (

    select
        *,
        case
            when value is null or value_before is null then null
            when {{ days_between('day_before', 'date_day') }} != 1 then 0
            when value = value_before then 1
            else 0
        end as is_repeat,
        count(root) over {{ trailing }} as observations,
        {{ running_median('root', trailing) }} as level,
        sum(case when events is not null then value end) over {{ trailing }}
        / nullif(
            sum(case when value is not null then events end)
                over {{ trailing }},
            0
        ) as value_per_event,
        sum(case when value is not null then cost end) over {{ trailing }}
        / nullif(
            sum(case when cost is not null then value end) over {{ trailing }},
            0
        ) as cost_per_unit

    from days

),

-- 2. What is usual on this weekday, as a distance from the level then.
weekdays as (

    select
        *,
        level + coalesce(
            {{ running_median('(root - level)', same_weekday) }}, 0
        ) as expected_root,
        sum(is_repeat) over (
            {{ series }} order by day_number
            range between {{ flat_days - 2 }} preceding and current row
        ) as repeats,
        avg(is_repeat) over {{ before_run }} as usual_repeats,
        count(value) over {{ before_run }} as observations_before_run

    from levels

),

residuals as (

    select
        *,
        abs(root - expected_root) as residual,
        {{ running_median('abs(root - expected_root)', trailing) }} as middle

    from weekdays

),

-- 3. How far days usually stray. No single day may count for more than three
--    times the usual, or one incident would hide the next.
scales as (

    select
        *,
        1.2533 * avg(
            case
                when residual > 4.45 * middle then 4.45 * middle
                else residual
            end
        ) over {{ trailing }} as spread,
        0.5 * sqrt(abs(coalesce(value_per_event, 1))) as shot_noise,
        {{ scale_floor }} * abs(expected_root) as floor_of_level

    from residuals

),
{# greatest() ignores null on DuckDB only: every part is known here. #}
bounds as (

    select
        *,
        value is not null
        and observations >= {{ min_observations }} as is_scored,
        greatest(coalesce(spread, 0), shot_noise, floor_of_level) as scale

    from scales
    where observations >= {{ min_observations }}

),

judged as (

    select
        *,
        case when is_scored then (root - expected_root) / scale end as z_score,
        {{ signed_square('expected_root') }} as expected,
        {{ signed_square('expected_root - ' ~ threshold ~ ' * scale') }}
            as lower_bound,
        {{ signed_square('expected_root + ' ~ threshold ~ ' * scale') }}
            as upper

    from bounds

),

flagged as (

    select
        *,
        case
            when lower_bound > 0 or metric = 'conversion_value'
                then lower_bound
            else 0
        end as lower,
        case
            when z_score > {{ threshold }} then 'spike'
            when z_score < -{{ threshold }} then 'drop'
            when
                value != 0
                and repeats = {{ flat_days - 1 }}
                and observations_before_run >= {{ min_observations }}
                and usual_repeats <= 0.1
                then 'flatline'
        end as anomaly_kind

    from judged

)

select
    platform,
    account_id,
    campaign_id,
    date_day,
    metric,
    value,
    expected,
    lower,
    upper,
    z_score,
    anomaly_kind,
    case
        when lower_bound > 0 then expected - lower_bound
        else upper - expected
    end as smallest_visible_change,
    case
        when anomaly_kind is null then null
        when metric = 'cost' then abs(value - expected)
        when value >= expected then 0
        else (expected - value) * cost_per_unit
    end as money_at_stake

from flagged
{%- endmacro %}


{% macro signed_root(column) -%}
    sign({{ column }}) * sqrt(abs({{ column }}))
{%- endmacro %}


{% macro signed_square(column) -%}
    ({{ column }}) * abs({{ column }})
{%- endmacro %}
