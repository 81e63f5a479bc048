-- one row per account, day and age in days at which it was read: conversions
with

reads as (

    select * from {{ ref('int_slice_reads') }}
    where grain = 'day' and {{ is_authority() }}

),

claims as (

    select * from {{ ref('int_slice_claims') }}
    where is_speaking

),

platforms as (

    select * from {{ ref('platforms') }}

),

aged as (

    select
        reads.platform,
        reads.account_id,
        reads.date_day,
        reads.conversions,
        reads.read_at,
        {{ days_between('reads.date_day', 'cast(reads.read_at as date)') }}
            as age_days,
        coalesce(
            platforms.maturity_days, {{ var('default_maturity_days') }}
        ) as maturity_days

    from reads
    inner join claims
        on
            reads.source = claims.source
            and reads.platform = claims.platform
            and reads.account_id = claims.account_id
            and reads.grain = claims.grain
            and reads.date_day = claims.date_day
    left join platforms on reads.platform = platforms.platform

),

-- A day may be read several times at the same age: the last one counts.
final as (

    select
        platform,
        account_id,
        date_day,
        age_days,
        maturity_days,
        max_by(conversions, read_at) as conversions,
        max(read_at) as read_at

    from aged
    group by platform, account_id, date_day, age_days, maturity_days

)

select * from final
