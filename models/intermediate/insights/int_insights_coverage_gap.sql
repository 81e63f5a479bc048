-- one row per account with days that were not read
with

rule as (

    {{ insight_rule('coverage_gap') }}

),

days as (

    select
        *,
        max(date_day) over (partition by platform) as last_day

    from {{ ref('fct_coverage') }}
    where {{ is_authority() }}

),

gaps as (

    select
        platform,
        account_id,
        min(date_day) as first_day,
        max(date_day) as date_day,
        count(distinct date_day) as days_missing,
        {{ latest('status') }} as last_status

    from days
    where
        status not in ('loaded', 'empty')
        and coalesce(detail, '') != '{{ too_old() }}'
        and {{ days_between('date_day', 'last_day') }}
        < (select rule.days from rule)
    group by platform, account_id

),

accounts as (

    select
        platform,
        account_id,
        sum(cost) / count(distinct date_day) as daily_cost

    from {{ ref('fct_campaign_daily') }}
    where is_complete
    group by platform, account_id

),

found as (

    select
        gaps.*,
        '{{ whole() }}' as campaign_id,
        replace(gaps.last_status, '_', ' ') as status_words,
        gaps.days_missing * accounts.daily_cost as impact_amount

    from gaps
    cross join rule
    left join accounts
        on
            gaps.platform = accounts.platform
            and gaps.account_id = accounts.account_id
    where gaps.days_missing >= rule.min_events

),

final as (

    {{ insights(
        'found', 'coverage_gap', ['days_missing', 'last_status']
    ) }}

)

select * from final
