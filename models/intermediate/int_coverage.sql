-- one row per account, report, grain and day: what is known of it
with

answered as (

    select * from {{ ref('int_coverage_answered') }}

),

reports as (

    select distinct
        platform,
        account_id,
        report

    from answered
    where grain = 'day'

),

spans as (

    select
        platform,
        account_id,
        {{ each_day('min(date_day)', 'max(date_day)') }} as date_day

    from answered
    where grain = 'day'
    group by platform, account_id

),

never_asked as (

    select
        spans.platform,
        spans.account_id,
        reports.report,
        'day' as grain,
        spans.date_day,
        'never_asked' as status,
        'no receipt mentions this day' as detail,
        cast(null as timestamp) as read_at

    from spans
    inner join reports
        on
            spans.platform = reports.platform
            and spans.account_id = reports.account_id
    left join answered
        on
            spans.platform = answered.platform
            and spans.account_id = answered.account_id
            and reports.report = answered.report
            and spans.date_day = answered.date_day
            and answered.grain = 'day'
    where answered.date_day is null

),

final as (

    select * from answered
    union all
    select * from never_asked

)

select * from final
