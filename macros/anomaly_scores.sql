{#- How far every value of every series lies from what its past says. Each CTE
    is one step; every window ends on the row before the one it judges. -#}

{% macro anomaly_scores(
    relation, entity_columns, time_column, value_column, kind, seasonality,
    calendar_relation=none
) -%}
{%- set entities = column_list(entity_columns) -%}
{%- set rule = anomaly_rule(kind, seasonality) -%}
with

anomaly_points as (

    {{ anomaly_points(
        relation, entities, time_column, {'value': value_column}, seasonality,
        calendar_relation
    ) }}

),

anomaly_levels as (

    {{ anomaly_levels('anomaly_points', entities, rule) }}

),

anomaly_seasons as (

    {{ anomaly_seasons('anomaly_levels', entities, rule) }}

),

anomaly_scales as (

    {{ anomaly_scales('anomaly_seasons', entities, rule) }}

),

anomaly_guards as (

    {{ anomaly_guards('anomaly_scales', entities, rule) }}

),

anomaly_verdicts as (

    {{ anomaly_verdicts('anomaly_guards', entities, rule) }}

)

select
    {{ entity_names(entities) }}
    time_of_row as {{ quoted(time_column) }},
    value,
    expected,
    lower_bound as lower,
    upper_bound as upper,
    z_score,
    anomaly_kind is not null as is_anomaly,
    anomaly_kind,
    smallest_visible_change,
    verdict

from anomaly_verdicts
{%- endmacro %}


{% macro anomaly_rule(kind, seasonality) -%}
    {%- if kind not in ['count', 'spend', 'price'] -%}
        {%- do exceptions.raise_compiler_error(
            "anomaly_scores: kind is '" ~ kind
            ~ "'; give count, spend or price"
        ) -%}
    {%- endif -%}
    {%- set steps = {'day_of_week': 7, 'hour_of_day': 24, 'none': 1} -%}
    {%- if seasonality not in steps -%}
        {%- do exceptions.raise_compiler_error(
            "anomaly_scores: seasonality is '" ~ seasonality
            ~ "'; give day_of_week, hour_of_day or none"
        ) -%}
    {%- endif -%}
    {%- set hourly = seasonality == 'hour_of_day' -%}
    {%- do return({
        'kind': kind,
        'season': steps[seasonality],
        'level_rows': 24 if hourly else 14,
        'season_rows': 14 if hourly else 8,
        'scale_rows': 336 if hourly else 56,
        'guard_rows': 672 if hourly else 182,
        'guard_quantile': 0.99 if kind == 'price' else 0.98,
        'least_known': 24 if hourly else 14,
        'cooldown': 12 if kind == 'price' else 0,
        'threshold': 4,
        'floor': 0.03,
    }) -%}
{%- endmacro %}


{#- 1. What is usual now: the median of the days before; where most days have
    next to nothing, their mean. -#}
{% macro anomaly_levels(relation, entities, rule) -%}
    {%- set series = series_of(entities) -%}
    {%- set before = 'rows between {} preceding and 1 preceding' -%}
    {%- set nearby = series ~ ' order by slot '
        ~ before.format(rule.level_rows) -%}
    {%- set recent = series ~ ' order by slot '
        ~ before.format(4 * rule.level_rows) -%}
    select
        *,
        {{ running_median('usable', '(' ~ nearby ~ ')') }} as middle,
        count(usable) over ({{ nearby }}) as known_nearby,
        count(usable) over ({{ recent }}) as known,
        {{ exact_sum('abs(usable)', recent) }} as recent_sum,
        lag(value) over ({{ series }} order by slot) as value_before

    from {{ relation }}
{%- endmacro %}


{#- 2. What is usual on this day of the week or hour of the day, as a factor. -#}
{% macro anomaly_seasons(relation, entities, rule) -%}
    {%- set same_season = '(' ~ series_of(entities) ~ ', season order by slot '
        ~ 'rows between ' ~ rule.season_rows ~ ' preceding and 1 preceding)' -%}
    {%- set mean = '(recent_sum + 0.5) / (known + 1)' -%}
    select
        *,
        {%- if rule.season > 1 %}
        {{ running_median('deviation', same_season) }} as season_middle,
        count(deviation) over {{ same_season }} as season_known
        {%- else %}
        0 as season_middle,
        0 as season_known
        {%- endif %}

    from (
        select
            *,
            case
                when level + pad > 0 and usable + pad > 0
                    then ln((usable + pad) / (level + pad))
            end as deviation

        from (
            select
                *,
                case
                    when known_nearby < {{ rule.least_known // 2 }} then null
                    {%- if rule.kind == 'count' %}
                    when middle < 3 then {{ mean }}
                    {%- elif rule.kind == 'spend' %}
                    when middle <= 0.1 * recent_sum / known
                        then recent_sum / known
                    {%- endif %}
                    else middle
                end as level,
                {%- if rule.kind == 'count' %}
                {{ greater('1', mean ~ ' / 100') }} as unit,
                0.5 as pad
                {%- else %}
                recent_sum / nullif(known, 0) / 100 as unit,
                recent_sum / nullif(known, 0) / 200 as pad
                {%- endif %}

            from {{ relation }}
        ) as levels
    ) as deviations
{%- endmacro %}


{#- 3. How far values usually stray from that. -#}
{% macro anomaly_scales(relation, entities, rule) -%}
    {%- set series = series_of(entities) -%}
    {%- set recent = series ~ ' order by slot rows between '
        ~ rule.scale_rows ~ ' preceding and 1 preceding' -%}
    select
        *,
        {{ running_median(
            'case when usable is not null then abs(residual) end',
            '(' ~ recent ~ ')'
        ) }} as residual_middle,
        count(case when usable is not null then residual end)
            over ({{ recent }}) as residuals_known,
        max(case when is_repeat = 0 then slot end)
            over ({{ series }} order by slot) as run_start,
        sum(is_repeat) over ({{ recent }}) as repeats,
        count(is_repeat) over ({{ recent }}) as repeats_known

    from (
        select
            *,
            case
                when value is null or value_before is null then null
                when value = value_before and value != 0 then 1
                else 0
            end as is_repeat,
            {{ anomaly_residual(rule, 'value', 'expected') }} as residual

        from (
            select
                *,
                case
                    when level + pad <= 0 then level
                    else (level + pad) * exp(
                        season_middle_known * trust
                    ) - pad
                end as expected

            from (
                select
                    *,
                    coalesce(season_middle, 0) as season_middle_known,
                    {%- if rule.kind == 'count' %}
                    season_known * level
                    / nullif(season_known * level + 20, 0) as trust
                    {%- else %}
                    season_known / (season_known + 2.0) as trust
                    {%- endif %}

                from {{ relation }}
            ) as trusted
        ) as expectations
    ) as residuals
{%- endmacro %}


{#- Distance on a scale where values stray alike at any level: for counts and
    spend the 2/3 power (Anscombe), for prices the logarithm. -#}
{% macro anomaly_residual(rule, value, expected) -%}
    {%- if rule.kind == 'price' -%}
    case
        when {{ value }} + pad > 0 and {{ expected }} + pad > 0
            then ln(({{ value }} + pad) / ({{ expected }} + pad))
    end
    {%- else -%}
    1.5 * (
        {{ two_thirds(value ~ ' / unit') }}
        - {{ two_thirds(expected ~ ' / unit') }}
    ) / power({{ greater('abs(' ~ expected ~ ') / unit', '0.02') }}, 1.0 / 6)
    {%- endif -%}
{%- endmacro %}


{% macro two_thirds(column) -%}
    sign({{ column }}) * power(abs({{ column }}), 2.0 / 3)
{%- endmacro %}


{#- 4. How much heavier the tails are than those of a bell curve. -#}
{% macro anomaly_guards(relation, entities, rule) -%}
    select
        *,
        {{ running_quantile(
            'case when usable is not null then abs(residual / scale) end',
            rule.guard_quantile,
            '(' ~ series_of(entities) ~ ' order by slot rows between '
            ~ rule.guard_rows ~ ' preceding and 1 preceding)'
        ) }} as tail

    from (
        select
            *,
            case
                when residuals_known >= {{ rule.least_known }}
                    then {{ greater(
                        '1.4826 * residual_middle',
                        anomaly_floor(rule)
                    ) }}
            end as scale

        from {{ relation }}
    ) as scales
{%- endmacro %}


{#- No series strays less than chance, or than a few percent. -#}
{% macro anomaly_floor(rule) -%}
    {%- if rule.kind == 'price' -%}
    {{ rule.floor }}
    {%- elif rule.kind == 'spend' -%}
    {{ rule.floor }} * sqrt(abs(expected) / unit)
    {%- else -%}
    {{ greater(
        'sqrt(1 / unit)', rule.floor ~ ' * sqrt(abs(expected) / unit)'
    ) }}
    {%- endif -%}
{%- endmacro %}


{#- 5. What that says of the value. -#}
{% macro anomaly_verdicts(relation, entities, rule) -%}
    {%- set threshold = rule.threshold -%}
    {%- set recently = 'max(case when abs(z_score) > ' ~ threshold
        ~ ' then 1 else 0 end) over (' ~ series_of(entities)
        ~ ' order by slot rows between ' ~ rule.cooldown
        ~ ' preceding and 1 preceding)' -%}
    select
        *,
        case
            when verdict != 'judged' then null
            when value > upper_bound then 'spike'
            when value < lower_bound then 'drop'
            when
                slot - run_start <= repeats_known
                and power(
                    (repeats - (slot - run_start - 1) + 0.5)
                    / (repeats_known - (slot - run_start - 1) + 1),
                    slot - run_start
                ) < 0.0001
                then 'flatline'
        end as anomaly_kind

    from (
        select
            *,
            case
                when value is null then 'not read'
                when stray is null or residual is null then 'no baseline yet'
                when is_event = 1 then 'known event'
                {%- if rule.cooldown %}
                when {{ recently }} = 1 then 'cooling down'
                {%- endif %}
                else 'judged'
            end as verdict,
            {{ greater('upper_bound - expected', 'expected - lower_bound') }}
                as smallest_visible_change

        from (
            select
                *,
                residual / stray as z_score,
                {{ anomaly_bound(rule, '-') }} as lower_bound,
                {{ anomaly_bound(rule, '+') }} as upper_bound

            from (
                select
                    *,
                    scale * {{ greater('1', 'coalesce(tail, 0) / 3.5') }}
                        as stray

                from {{ relation }}
            ) as strays
        ) as bounds
    ) as judged
{%- endmacro %}


{#- The value whose distance is the threshold: anomaly_residual turned round. -#}
{% macro anomaly_bound(rule, sign) -%}
    {%- if rule.kind == 'price' -%}
    case
        when expected + pad > 0
            then (expected + pad) * exp({{ sign }}{{ rule.threshold }} * stray)
                - pad
    end
    {%- else -%}
    {%- set bound -%}
    {{ two_thirds('expected / unit') }} {{ sign }} {{ rule.threshold }} * stray
    * power({{ greater('abs(expected) / unit', '0.02') }}, 1.0 / 6) / 1.5
    {%- endset -%}
    sign({{ bound }}) * power(abs({{ bound }}), 1.5) * unit
    {%- endif -%}
{%- endmacro %}
