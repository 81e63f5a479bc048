-- one row per account, report and day on which an answer could be expected
{{ config(materialized='view') }}
with

reports as (

    select
        platform,
        account_id,
        report,
        min(date_day) as first_day,
        max(date_day) as last_day

    from {{ ref('int_coverage_answered') }}
    where grain = 'day'
    group by platform, account_id, report

),

-- An export ends where it ends; a report of an account goes on.
platforms as (

    select
        platform,
        max(last_day) as last_day

    from reports
    where report != 'export'
    group by platform

),

spans as (

    select
        reports.platform,
        reports.account_id,
        {{ each_day(
            'min(reports.first_day)',
            "max(case when reports.report = 'export' then reports.last_day "
            ~ "else platforms.last_day end)",
        ) }} as date_day

    from reports
    left join platforms on reports.platform = platforms.platform
    group by reports.platform, reports.account_id

),

final as (

    select
        spans.platform,
        spans.account_id,
        reports.report,
        spans.date_day,
        case
            when reports.report = 'export' or spans.date_day <= reports.last_day
                then 'never_asked'
            else 'late'
        end as status,
        case
            when reports.report = 'export' or spans.date_day <= reports.last_day
                then 'no receipt mentions this day'
            else 'the report was last read for an earlier day'
        end as detail

    from spans
    inner join reports
        on
            spans.platform = reports.platform
            and spans.account_id = reports.account_id

)

select * from final
