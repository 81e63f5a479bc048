-- one row per account, report, grain and day: what is known of it
with

answered as (

    select * from {{ ref('int_coverage_answered') }}

),

expected as (

    select * from {{ ref('int_coverage_expected') }}

),

unanswered as (

    select
        expected.platform,
        expected.account_id,
        expected.report,
        'day' as grain,
        expected.date_day,
        expected.status,
        expected.detail,
        cast(null as timestamp) as read_at

    from expected
    left join answered
        on
            expected.platform = answered.platform
            and expected.account_id = answered.account_id
            and expected.report = answered.report
            and expected.date_day = answered.date_day
            and answered.grain = 'day'
    where answered.date_day is null

),

final as (

    select * from answered
    union all
    select * from unanswered

)

select * from final
