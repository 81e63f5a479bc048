-- one row per day of every year with data
with

campaigns as (

    select * from {{ ref('dim_campaign') }}

),

coverage as (

    select * from {{ ref('int_coverage') }}

),

known as (

    select
        first_day,
        last_day

    from campaigns
    union all
    select
        min(date_day) as first_day,
        max(date_day) as last_day

    from coverage

),

days as (

    select
        {{ each_day(
            period_start('year', 'min(first_day)'),
            last_day('max(last_day)', 'year')
        ) }} as date_day

    from known

),

numbered as (

    select
        date_day,
        1 + {{ days_between(dbt.date_trunc('week', 'date_day'), 'date_day') }}
            as day_of_week

    from days

),

final as (

    select
        date_day,
        day_of_week,
        {{ day_name('day_of_week') }} as day_name,
        {{ period_start('week', 'date_day') }} as week_start,
        {{ period_start('month', 'date_day') }} as month_start,
        {{ period_start('quarter', 'date_day') }} as quarter_start,
        {{ period_start('year', 'date_day') }} as year_start,
        day_of_week >= 6 as is_weekend

    from numbered

)

select * from final
