-- one row per settled day and age at which it was read: the share then told
with

reads as (

    select * from {{ ref('int_conversion_reads') }}

),

ends as (

    select
        platform,
        account_id,
        date_day,
        max_by(conversions, age_days) as settled

    from reads
    group by platform, account_id, date_day
    having max(case when age_days >= maturity_days then 1 else 0 end) = 1

),

final as (

    select
        reads.platform,
        reads.account_id,
        reads.date_day,
        reads.age_days,
        reads.conversions,
        ends.settled,
        {{ safe_divide('reads.conversions', 'ends.settled') }} as told_share

    from reads
    inner join ends
        on
            reads.platform = ends.platform
            and reads.account_id = ends.account_id
            and reads.date_day = ends.date_day
    where ends.settled > 0 and reads.age_days < reads.maturity_days

)

select * from final
