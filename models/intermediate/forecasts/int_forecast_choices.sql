-- one row per series and origin with two weeks of errors: the model used there
with

errors as (

    select * from {{ ref('int_forecast_errors') }}

),

origins as (

    select distinct
        forecasts.series_id,
        forecasts.weeks_ago,
        case
            when forecasts.weeks_ago = 0 then 0
            when forecasts.weeks_ago > series.blind_weeks
                then forecasts.weeks_ago - series.blind_weeks
        end as step

    from {{ ref('int_forecasts') }} as forecasts
    inner join {{ ref('int_forecast_series') }} as series
        on forecasts.series_id = series.series_id

),

-- Only what was known at the origin may judge.
judged as (

    select
        origins.series_id,
        origins.weeks_ago,
        origins.step,
        errors.model,
        {% for figure in ['squared_error', 'actual'] %}
        sum(errors.{{ figure }}) as {{ figure }},
        {% endfor %}
        sum(errors.days) as tested_days

    from origins
    inner join errors
        on
            origins.series_id = errors.series_id
            and origins.weeks_ago <= errors.known_weeks_ago
    group by
        origins.series_id, origins.weeks_ago, origins.step, errors.model

),

-- At equal errors seasonal naive is used.
ranked as (

    select
        *,
        max(case when model = 'seasonal_naive' then squared_error end)
            over (partition by series_id, weeks_ago) as naive_squared_error,
        row_number() over (
            partition by series_id, weeks_ago
            order by
                squared_error,
                case when model = 'seasonal_naive' then 0 else 1 end,
                model
        ) as place

    from judged
    where tested_days >= 14

),

final as (

    select * from ranked
    where place = 1

)

select * from final
