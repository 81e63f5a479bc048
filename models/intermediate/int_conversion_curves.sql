-- one row per platform, account (null: all of them) and age of a day in days
{% set share = 'cast(conversions as double) / cast(settled as double)' %}
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

-- What had been told of days that have settled since.
known as (

    select
        reads.platform,
        reads.account_id,
        reads.age_days,
        reads.conversions,
        ends.settled

    from reads
    inner join ends
        on
            reads.platform = ends.platform
            and reads.account_id = ends.account_id
            and reads.date_day = ends.date_day
    where ends.settled > 0 and reads.age_days < reads.maturity_days

),

final as (

    {% for account in [
        'account_id', 'cast(null as ' ~ dbt.type_string() ~ ')'
    ] %}
    select
        platform,
        {{ account }} as account_id,
        age_days,
        count(*) as days_observed,
        cast(sum(conversions) as double) / cast(sum(settled) as double)
            as share,
        {{ quantile(share, 0.05) }} as share_low,
        {{ quantile(share, 0.95) }} as share_high

    from known
    group by platform, {{ 'account_id, ' if loop.first }}age_days
    having count(*) >= {{ var('curve_days') }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select * from final
