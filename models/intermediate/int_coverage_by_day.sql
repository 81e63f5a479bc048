-- one row per account, grain and day: whether its figures are whole and final
with

coverage as (

    select * from {{ ref('int_coverage') }}

),

platforms as (

    select * from {{ ref('platforms') }}

),

settled as (

    select
        coverage.platform,
        coverage.account_id,
        coverage.grain,
        coverage.date_day,
        coverage.read_at,
        coverage.status in ('loaded', 'empty') as is_read,
        case coverage.grain
            {% for period in ['week', 'month'] %}
            when '{{ period }}'
                then {{ period_end(period, 'coverage.date_day') }}
            {% endfor %}
            else coverage.date_day
        end as last_day,
        coalesce(
            platforms.maturity_days, {{ var('default_maturity_days') }}
        ) as maturity_days

    from coverage
    left join platforms on coverage.platform = platforms.platform

),

final as (

    select
        platform,
        account_id,
        grain,
        date_day,
        min(case when is_read then 1 else 0 end) = 1 as is_complete,
        min(
            case
                when
                    is_read
                    and {{ days_between('last_day', 'read_at') }}
                    >= maturity_days
                    then 1
                else 0
            end
        ) = 1 as is_mature

    from settled
    group by platform, account_id, grain, date_day

)

select * from final
