-- one row per comparison and account: which days of both periods were read
{{ config(materialized='view') }}
with

comparisons as (

    select * from {{ ref('int_comparisons') }}

),

coverage as (

    select * from {{ ref('int_coverage_by_day') }}
    where level = 'campaign' and grain = 'day'

),

counted as (

    select
        comparisons.comparison,
        comparisons.period_start,
        comparisons.period_end,
        comparisons.previous_start,
        comparisons.previous_end,
        coverage.platform,
        coverage.account_id,
        {% for prefix, test in {
            '': 'coverage.date_day >= comparisons.period_start',
            'previous_': 'coverage.date_day <= comparisons.previous_end',
        }.items() %}
        {% for flag in ['complete', 'mature'] %}
        sum(case when {{ test }} and coverage.is_{{ flag }} then 1 else 0 end)
            as {{ prefix }}{{ flag }}_days,
        {% endfor %}
        {% endfor %}
        1 + {{ days_between(
            'comparisons.period_start', 'comparisons.period_end'
        ) }} as days,
        1 + {{ days_between(
            'comparisons.previous_start', 'comparisons.previous_end'
        ) }} as previous_days

    from comparisons
    inner join coverage
        on
            coverage.date_day
            between comparisons.previous_start and comparisons.period_end
    group by
        comparisons.comparison,
        comparisons.period_start,
        comparisons.period_end,
        comparisons.previous_start,
        comparisons.previous_end,
        coverage.platform,
        coverage.account_id

),

final as (

    select
        *,
        complete_days = days as is_complete,
        previous_complete_days = previous_days as previous_is_complete,
        mature_days = days as is_mature,
        previous_mature_days = previous_days as previous_is_mature

    from counted

)

select * from final
