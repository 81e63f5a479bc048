{#- Budgets: what the platforms list, and where spend is heading. -#}

{#- Platforms that list budgets; exports do not. -#}
{% macro listing_budgets() -%}
    {% do return(
        ['google_ads', 'facebook_ads'] | select('in', var('collected')) | list
    ) %}
{%- endmacro %}


{% macro budget_facts() -%}
    {% do return([
        'budget_id', 'origin', 'platform', 'account_id', 'campaign_id', 'kind',
        'currency', 'known_from',
    ]) %}
{%- endmacro %}


{% macro share_of(amount, days, of_days) -%}
    cast(
                {{ safe_divide(amount ~ ' * ' ~ days, of_days) }}
                as decimal(38, 9)
            )
{%- endmacro %}


{#- Meta counts budgets in hundredths, but for the currencies whose offset its
    Marketing API gives as 1. -#}
{% macro from_minor_units(column, currency) -%}
    cast(
        {{ column }} * case
            when {{ currency }} in (
                'CLP', 'COP', 'CRC', 'HUF', 'IDR', 'ISK', 'JPY', 'KRW', 'PYG',
                'TWD', 'VND'
            ) then cast(1 as decimal(3, 2))
            when {{ currency }} is not null then cast(0.01 as decimal(3, 2))
        end as decimal(38, 9)
    )
{%- endmacro %}


{#- Days left of a day's weekday, where the seven days up to `day` stand for
    the weekdays. -#}
{% macro days_like(days_left, day, like) -%}
    floor(({{ days_left }} + {{ days_between(like, day) }}) / 7)
{%- endmacro %}


{% macro spend_habits(relation, entity, value) -%}
{%- set series = 'partition by ' ~ entity ~ ' order by date_day' -%}
{%- set spans = [7, 14, 28] -%}
with

-- Four weeks of the same weekday, without the day itself and with it.
weekdays as (

    select
        {{ entity }},
        date_day,
        value,
        avg(value) over (
            partition by {{ entity }}, weekday order by date_day
            rows between 4 preceding and 1 preceding
        ) as expected,
        avg(value) over (
            partition by {{ entity }}, weekday order by date_day
            rows between 3 preceding and current row
        ) as weekday_mean

    from (
        select
            {{ entity }},
            date_day,
            cast({{ value }} as double) as value,
            {{ days_between("cast('1970-01-01' as date)", 'date_day') }} % 7
                as weekday

        from {{ relation }}
    ) as numbered

),

-- A mean of four adds a quarter of the variance.
spread as (

    select
        *,
        sum(value) over ({{ series }} rows unbounded preceding) as so_far,
        count(value) over ({{ series }} rows unbounded preceding)
            as observations,
        sum(weekday_mean) over (
            {{ series }} rows between 6 preceding and current row
        ) as week,
        sum(abs(value)) over (
            {{ series }} rows between 6 preceding and current row
        ) as last_week,
        avg((value - expected) * (value - expected)) over (
            {{ series }} rows between 27 preceding and current row
        ) / 1.25 as variance

    from weekdays

),

-- How far earlier forecasts of whole weeks were off, in what was claimed.
errors as (

    select
        *
        {%- for days in spans %}
        {%- set weeks = days // 7 %},
        case
            when
                count(value) over (
                    {{ series }} rows between {{ days - 1 }} preceding
                    and current row
                ) = {{ days }}
                and lag(observations, {{ days }}) over ({{ series }}) >= 28
                then
                    power(
                        so_far - lag(so_far, {{ days }}) over ({{ series }})
                        - {{ weeks }}
                        * lag(week, {{ days }}) over ({{ series }}),
                        2
                    )
                    / nullif(
                        {{ 7 * (weeks + weeks * weeks / 4) }}
                        * lag(variance, {{ days }}) over ({{ series }}),
                        0
                    )
        end as error_{{ days }}
        {%- endfor %}

    from spread

)

select
    {{ entity }},
    date_day,
    value,
    weekday_mean,
    case when observations >= 14 then variance end as variance,
    {#- Nothing in a week: it rests. #}
    coalesce(last_week, 1) = 0 as is_resting
    {#- Fourteen errors as claimed stand beside those known; none counts for more
        than nine of them. #}
    {%- for days in spans %},
    (
        14 + coalesce(
            sum(case when error_{{ days }} < 9 then error_{{ days }}
                when error_{{ days }} >= 9 then 9 end) over (
                {{ series }} rows between 55 preceding and current row
            ), 0
        )
    ) / (
        14 + count(error_{{ days }}) over (
            {{ series }} rows between 55 preceding and current row
        )
    ) as scale_{{ days }}
    {%- endfor %}

from errors
{%- endmacro %}


{% macro project_spend(habits, questions, entity) -%}
{%- set like = days_like(
    'questions.days_left', 'questions.date_day', 'habits.date_day'
) -%}
with

sums as (

    select
        questions.{{ entity }},
        questions.date_day,
        questions.days_left,
        count(habits.weekday_mean) as weekdays,
        sum(habits.weekday_mean * ({{ like }} + questions.days_unread / 7e0))
            as expected,
        sum({{ like }} + {{ like }} * {{ like }} / 4)
        + 1.25 * max(questions.days_unread) as days_of_variance

    from {{ questions }} as questions
    inner join {{ habits }} as habits
        on
            questions.{{ entity }} = habits.{{ entity }}
            and habits.date_day between
            {{ add_days('questions.date_day', -6) }} and questions.date_day
    group by questions.{{ entity }}, questions.date_day, questions.days_left

)

select
    sums.{{ entity }},
    sums.date_day,
    sums.days_left,
    case when habits.is_resting then 0 else sums.expected end as expected,
    {#- Ten in a hundred lie beyond 1.2816 deviations on either side. Spend drifts:
        on simulated accounts a fortieth of the variance a day. #}
    1.2816 * sqrt(
        habits.variance * sums.days_of_variance * (1 + sums.days_left / 4e1)
        * case
            when sums.days_left <= 7 then habits.scale_7
            when sums.days_left <= 14 then habits.scale_14
            else habits.scale_28
        end
    ) * case when habits.is_resting then 0 else 1 end as margin

from sums
inner join {{ habits }} as habits
    on
        sums.{{ entity }} = habits.{{ entity }}
        and sums.date_day = habits.date_day
where sums.weekdays = 7
{%- endmacro %}
