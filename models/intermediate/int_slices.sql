-- one row per platform, account, grain and first day: the version of its rows
{% set keys = slice_key() | join(', ') %}
with

reasons as (

    select * from {{ ref('int_slice_reasons') }}

),

-- A week and a month rest on their days, and on exports of their own.
of_every_grain as (

    select * from reasons
    {% for period in ['week', 'month'] %}
    union all
    select
        platform,
        account_id,
        '{{ period }}' as grain,
        {{ period_start(period, 'date_day') }} as date_day,
        reason

    from reasons
    where grain = 'day'
    {% endfor %}

),

final as (

    select
        {{ keys }},
        cast(sum(reason) as {{ dbt.type_string() }}) as slice_version

    from of_every_grain
    group by {{ keys }}

)

select * from final
