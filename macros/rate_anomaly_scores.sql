{#- How far a ratio of two figures lies from what its past says: a model of
    the numerator's count, for a ratio alone does not tell 1 / 2 from 50 / 100. -#}

{% macro rate_anomaly_scores(
    relation, entity_columns, time_column, numerator_column,
    denominator_column, calendar_relation=none, calendar_columns=none
) -%}
{%- set entities = column_list(entity_columns) -%}
{%- set before = series_of(entities)
    ~ ' order by slot rows between {} preceding and 1 preceding' -%}
{%- set recent = before.format(28) -%}
{%- set long = before.format(56) -%}
with

anomaly_points as (

    {{ anomaly_points(
        relation, entities, time_column,
        {'events': numerator_column, 'trials': denominator_column},
        'none', calendar_relation, calendar_columns
    ) }}

),

-- At first of all days before, then of those that were not far off.
{%- for step in ['first', 'second'] %}
{{ step }}_anomaly_levels as (

    select
        *,
        {{ exact_sum('case when is_known = 1 then events end', recent) }}
            as recent_events,
        {{ exact_sum('case when is_known = 1 then trials end', recent) }}
            as recent_trials,
        sum(is_known) over ({{ recent }}) as known

    from (
        {%- if loop.first %}
        select
            *,
            is_read as is_known

        from (
            select
                *,
                case
                    when usable_events >= 0 and usable_trials > 0 then 1
                    else 0
                end as is_read

            from anomaly_points
        ) as readings
        {%- else %}
        select
            {{ entity_numbers(entities) }}
            time_of_row,
            slot,
            is_event,
            events,
            trials,
            is_read,
            case
                when
                    abs(residual) > 4
                    and events not between expected_events / 2
                    and expected_events * 2
                    then 0
                else is_known
            end as is_known

        from first_anomaly_scales
        {%- endif %}
    ) as points

),

{{ step }}_anomaly_scales as (

    {{ rate_scales(step ~ '_anomaly_levels') }}

),
{% endfor %}
-- How much more than by chance it strayed; an incident counts as threefold.
anomaly_strays as (

    select
        *,
        chance * {{ greater('1', 'sqrt(squares / squares_known)') }}
        * case
            when squares_known >= 7
                then {{ greater('1', '1.4 - squares_known / 7e1') }}
        end as stray

    from (
        select
            *,
            {{ exact_sum(
                'case when is_read = 1 then case when abs(residual) > 9 '
                ~ 'then 81 else residual * residual end end', long
            ) }} as squares,
            count(case when is_read = 1 then residual end) over ({{ long }})
                as squares_known

        from second_anomaly_scales
    ) as squared

),

anomaly_bounds as (

    select
        *,
        residual * chance / stray as strays_away,
        {{ rate_bound('-') }} * {{ event_factor('0.1') }} as lower_bound,
        {{ rate_bound('+') }} * {{ event_factor('2') }} as upper_bound,
        expected_events / trials as expected,
        case
            when events is null or trials is null then 'not read'
            when trials <= 0 then 'too little volume'
            when expected_events < 5 then 'too little volume'
            when stray is null then 'no baseline yet'
            when is_event = 1 then 'known event'
            else 'judged'
        end as verdict

    from anomaly_strays

),

anomaly_verdicts as (

    select
        *,
        case
            when verdict not in ('judged', 'known event') then null
            when events > upper_bound * trials then 'spike'
            when events < lower_bound * trials then 'drop'
        end as anomaly_kind,
        case
            when verdict in ('judged', 'known event') then 1
        end as is_seen

    from anomaly_bounds

)

select
    {{ entity_names(entities) }}
    time_of_row as {{ quoted(time_column) }},
    case when trials > 0 then events / trials end as value,
    expected,
    case
        when is_seen = 1 then {{ greater('lower_bound', '0') }}
    end as lower,
    case when is_seen = 1 then upper_bound end as upper,
    case when is_seen = 1 then strays_away end as z_score,
    anomaly_kind is not null as is_anomaly,
    anomaly_kind,
    case
        when is_seen = 1 then {{ greater(
            'upper_bound - expected', 'expected - lower_bound'
        ) }}
    end as smallest_visible_change,
    verdict

from anomaly_verdicts
{%- endmacro %}


{#- What to expect of so many trials, and how far from it by chance alone: the
    past rate is not known exactly either. -#}
{% macro rate_scales(relation) -%}
    select
        *,
        2 * (
            sqrt({{ greater('events', '0') }} + 0.375)
            - sqrt(expected_events + 0.375)
        ) / chance as residual

    from (
        select
            *,
            case
                when trials > 0 and known >= 14
                    then trials * (recent_events + 0.5) / (recent_trials + 1)
            end as expected_events,
            case
                when trials > 0 and recent_trials > 0
                    then sqrt(1 + trials / recent_trials)
            end as chance

        from {{ relation }}
    ) as expectations
{%- endmacro %}


{#- The ratio that would lie on the threshold. -#}
{% macro rate_bound(sign) -%}
    {%- set bound = '(sqrt(expected_events + 0.375) ' ~ sign ~ ' 2 * stray)' -%}
    ({{ bound }} * abs({{ bound }}) - 0.375) / trials
{%- endmacro %}
