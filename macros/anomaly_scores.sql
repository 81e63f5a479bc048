{#- How far every value of every series lies from what its past says. Each CTE
    is one step; every window ends on the row before the one it judges. -#}

{% macro anomaly_scores(
    relation, entity_columns, time_column, value_column, kind, seasonality,
    calendar_relation=none, calendar_columns=none
) -%}
{%- set entities = column_list(entity_columns) -%}
{%- set rule = anomaly_rule(kind, seasonality) -%}
with

anomaly_points as (

    {{ anomaly_points(
        relation, entities, time_column, {'value': value_column}, seasonality,
        calendar_relation, calendar_columns
    ) }}

),

anomaly_series as (

    {{ anomaly_series(relation, entities) }}

),

-- One number instead of names: what every window sorts and carries along.
anomaly_numbered as (

    select
        series.series_number,
        points.time_of_row,
        points.value,
        points.usable,
        points.is_event,
        points.slot,
        points.season

    from anomaly_points as points
    inner join anomaly_series as series
        on
            1 = 1
            {%- for entity in entities %}
            and points.entity_{{ loop.index }}
            is not distinct from series.entity_{{ loop.index }}
            {%- endfor %}

),

anomaly_levels as (

    {{ anomaly_levels('anomaly_numbered', rule) }}

),

anomaly_seasons as (

    {{ anomaly_seasons('anomaly_levels', rule) }}

),

anomaly_scales as (

    {{ anomaly_scales('anomaly_seasons', rule) }}

),

anomaly_guards as (

    {{ anomaly_guards('anomaly_scales', rule) }}

),

anomaly_verdicts as (

    {{ anomaly_verdicts('anomaly_guards', rule) }}

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

from anomaly_verdicts as verdicts
inner join anomaly_series as series
    on verdicts.series_number = series.series_number
{%- endmacro %}


{% macro anomaly_series(relation, entities) -%}
    {%- set columns = entity_numbers(entities) -%}
    select
        {{ columns }}
        {% if entities -%}
        row_number() over (order by {{ columns.strip().rstrip(',') }})
        {%- else -%}
        1
        {%- endif %} as series_number
    {%- if entities %}

    from (
        select distinct
            {%- for entity in entities %}
            {{ quoted(entity) }} as entity_{{ loop.index }}
            {{- "," if not loop.last }}
            {%- endfor %}

        from {{ relation }}
    ) as names
    {%- endif %}
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
        'wide_rows': 96 if hourly else 35,
        'season_rows': 14 if hourly else 10,
        'scale_rows': 336 if hourly else 56,
        'guard_rows': 672 if hourly else 182,
        'guard_quantile': 0.99 if kind == 'price' else 0.98,
        'guard_limit': 3 if kind == 'price' else 3.5,
        'least_known': 24 if hourly else 14,
        'told_rows': 12 if kind == 'price' else 7,
        'threshold': 4 if kind == 'price' else 3.75,
        'floor': 0.03,
    }) -%}
{%- endmacro %}


{#- 1. What is usual now: the median of the days before; where most days have
    next to nothing, their mean. -#}
{% macro anomaly_levels(relation, rule) -%}
    {%- set series = 'partition by series_number' -%}
    {%- set before = 'rows between {} preceding and 1 preceding' -%}
    {%- set nearby = series ~ ' order by slot '
        ~ before.format(rule.level_rows) -%}
    {%- set wide = series ~ ' order by slot '
        ~ before.format(rule.wide_rows) -%}
    select
        *,
        {{ running_median('usable', '(' ~ nearby ~ ')') }} as middle,
        {{ running_median('usable', '(' ~ wide ~ ')') }} as wide_middle,
        count(usable) over ({{ wide }}) as known,
        count(nullif(usable, 0)) over ({{ wide }}) as known_active,
        {{ exact_sum('abs(usable)', wide) }} as recent_sum,
        {%- if rule.kind == 'spend' %}
        -- Orders differ: one is no news unless none was as large.
        max(abs(usable)) over ({{ series }} order by slot {{
            before.format(rule.guard_rows)
        }}) as largest,
        {%- endif %}
        lag(value) over ({{ series }} order by slot) as value_before

    from {{ relation }}
{%- endmacro %}


{#- 2. What is usual on this day of the week or hour of the day, as a factor. -#}
{% macro anomaly_seasons(relation, rule) -%}
    {%- set same_season = '(partition by series_number, season order by slot '
        ~ 'rows between ' ~ rule.season_rows ~ ' preceding and 1 preceding)' -%}
    {%- set mean = '(recent_sum + 0.5) / (known + 1)' -%}
    select
        *,
        {%- if rule.season > 1 %}
        {{ running_median('deviation', same_season) }} as season_middle,
        {%- if rule.kind == 'spend' %}
        min(deviation) over {{ same_season }} as season_low,
        max(deviation) over {{ same_season }} as season_high,
        {%- endif %}
        count(deviation) over {{ same_season }} as season_known
        {%- else %}
        0 as season_middle,
        0 as season_low,
        0 as season_high,
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
                {%- for level in ['middle', 'wide_middle'] %}
                case
                    when known < {{ rule.least_known // 2 }} then null
                    {%- if rule.kind == 'count' %}
                    when {{ level }} < 3 then {{ mean }}
                    {%- elif rule.kind == 'spend' %}
                    when {{ level }} <= 0.1 * recent_sum / known
                        then recent_sum / known
                    {%- endif %}
                    else {{ level }}
                end as {{ 'level' if loop.first else 'wide_level' }},
                {%- endfor %}
                {%- if rule.kind == 'count' %}
                {{ greater('1', mean ~ ' / 100') }} as unit,
                0.5 as pad
                {%- else %}
                nullif(recent_sum, 0) / known
                / nullif({{ lumps_a_day() }}, 0) as unit,
                nullif(recent_sum, 0) / known / 200 as pad
                {%- endif %}

            from {{ relation }}
        ) as levels
    ) as deviations
{%- endmacro %}


{#- Money comes in lumps: the share of idle days tells how many a day has. -#}
{% macro lumps_a_day() -%}
    case
        when known_active < 0.95 * known
            then -ln(1 - cast(known_active as double) / known)
        else 3
    end
{%- endmacro %}


{#- 3. How far values usually stray from that. -#}
{% macro anomaly_scales(relation, rule) -%}
    {%- set series = 'partition by series_number' -%}
    {%- set recent = series ~ ' order by slot rows between '
        ~ rule.scale_rows ~ ' preceding and 1 preceding' -%}
    {%- set so_far = series ~ ' order by slot '
        ~ 'rows between unbounded preceding and current row' -%}
    select
        *,
        {{ running_quantile(
            'case when usable is not null then abs(residual) end', 0.7,
            '(' ~ recent ~ ')'
        ) }} / 1.0364 as spread,
        count(case when usable is not null then residual end)
            over ({{ recent }}) as residuals_known,
        lag(residual) over ({{ series }} order by slot) as residual_before,
        max(case when coalesce(is_repeat, 0) = 0 then slot end)
            over ({{ so_far }}) as run_start,
        max(case when value is null or value != 0 then slot end)
            over ({{ so_far }}) as active_before,
        sum(is_repeat) over ({{ recent }}) as repeats,
        count(is_repeat) over ({{ recent }}) as repeats_known

    from (
        select
            *,
            case
                when value is null or value_before is null then null
                when value_before = 0 then null
                when value = value_before then 1
                else 0
            end as is_repeat,
            {{ anomaly_residual(rule, 'value', 'expected') }} as residual

        from (
            select
                *,
                {{ seasonal('level') }} as expected,
                {{ seasonal('wide_level') }} as wide_expected

            from (
                select
                    *,
                    coalesce(season_middle, 0)
                    * {{ season_trust(rule) }} as season_effect

                from {{ relation }}
            ) as trusted
        ) as expectations
    ) as residuals
{%- endmacro %}


{#- A few small counts on a few Mondays tell little of Mondays; nor does money
    with idle days, but where every Sunday is idle, Sundays are. -#}
{% macro season_trust(rule) -%}
    {%- set seen = {
        'count': 'level / unit',
        'spend': 'power(' ~ lumps_a_day() ~ ', 4)',
        'price': '10',
    }[rule.kind] -%}
    case
        {%- if rule.kind == 'spend' %}
        when
            season_known * {{ lumps_a_day() }} > 9
            and (season_low > 0 or season_high < 0)
            then 1
        {%- endif %}
        when season_known > 0
            then season_known * ({{ seen }})
                / (season_known * ({{ seen }}) + 20)
        else 0
    end
{%- endmacro %}


{% macro seasonal(level) -%}
    case
        when {{ level }} + pad <= 0 then {{ level }}
        else ({{ level }} + pad) * exp(season_effect) - pad
    end
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
    ) / sqrt(cbrt({{ greater('abs(' ~ expected ~ ') / unit', '0.02') }}))
    {%- endif -%}
{%- endmacro %}


{% macro two_thirds(column) -%}
    sign({{ column }}) * cbrt({{ column }}) * cbrt({{ column }})
{%- endmacro %}


{#- 4. How much heavier the tails are than those of a bell curve. Of a run of
    days far out only the first counts: it is one incident. -#}
{% macro anomaly_guards(relation, rule) -%}
    {%- set series = 'partition by series_number order by slot' -%}
    select
        *,
        {{ running_quantile(
            'case when distance <= 4 or distance_before <= 4 '
            ~ 'then distance end',
            rule.guard_quantile,
            '(' ~ series ~ ' rows between ' ~ rule.guard_rows
            ~ ' preceding and 1 preceding)'
        ) }} as tail

    from (
        select
            *,
            case when usable is not null then abs(residual / scale) end
                as distance,
            abs(residual_before / scale) as distance_before

        from (
            select
                *,
                {{ greater('spread', anomaly_floor(rule)) }} * case
                    when residuals_known < {{ rule.least_known }} then null
                    else {{ greater('1', '1.6 - residuals_known / 7e1') }}
                end as scale

            from {{ relation }}
        ) as scales
    ) as neighbours
{%- endmacro %}


{#- No series strays less than chance, or than a few percent. -#}
{% macro anomaly_floor(rule) -%}
    {%- set few = rule.floor ~ ' * sqrt(abs(expected) / unit)' -%}
    {%- if rule.kind == 'price' -%}
    {{ rule.floor }}
    {%- elif rule.kind == 'spend' -%}
    {{ greater(
        'case when known_active < 0.95 * known then 1.2 else 0 end', few
    ) }}
    {%- else -%}
    {{ greater('sqrt(1 / unit)', few) }}
    {%- endif -%}
{%- endmacro %}


{#- 5. What that says of the value. What goes on is seen at three quarters of
    the threshold: an outage is as likely on its second day as not. -#}
{% macro anomaly_verdicts(relation, rule) -%}
    {%- set before = 'partition by series_number order by slot '
        ~ 'rows between {} preceding and 1 preceding' -%}
    {%- set told = before.format(rule.told_rows) -%}
    {%- set lately = before.format(2) -%}
    select
        *,
        {{ greater('upper_bound - expected', 'expected - lower_bound') }}
            as smallest_visible_change,
        case
            when verdict not in ('judged', 'known event') then null
            when value > upper_bound then 'spike'
            when value < lower_bound then 'drop'
            when is_event = 0 and {{ improbable(
                'run_length', 'repeats', 'repeats_known',
                chance_of_repeat(rule), 0.001, 7
            ) }}
                then 'flatline'
        end as anomaly_kind

    from (
        select
            *,
            residual / stray as z_score,
            slot - run_start as run_length,
            {%- set band_high -%}
            {{ anomaly_band(
                rule, '+', threshold_after(rule, 'side_lately > 0')
            ) }} * {{ event_factor('2') }}
            {%- endset -%}
            {%- if rule.kind == 'spend' %}
            case
                when known_active < 0.95 * known and largest > {{ band_high }}
                    then largest
                else {{ band_high }}
            end as upper_bound,
            {%- else %}
            {{ band_high }} as upper_bound,
            {%- endif %}
            {%- set band_low -%}
            {{ anomaly_band(
                rule, '-', threshold_after(rule, 'side_lately < 0')
            ) }} * {{ event_factor('0.1') }}
            {%- endset -%}
            {%- if rule.kind == 'price' %}
            {{ band_low }} as lower_bound,
            {%- else %}
            case
                when is_event = 0 and {{ improbable(
                    '(slot - active_before)', '(known - known_active)', 'known',
                    'exp(-0.8 * expected / unit)', 0.002,
                    'case when known_active < 0.8 * known then 1 else 7 end'
                ) }}
                    then greatest({{ band_low }}, least(expected, unit))
                else {{ band_low }}
            end as lower_bound,
            {%- endif %}
            case
                when value is null then 'not read'
                when stray is null or residual is null then 'no baseline yet'
                when is_event = 1 then 'known event'
                when is_told = 1 then 'cooling down'
                else 'judged'
            end as verdict

        from (
            select
                *,
                sum(side) over ({{ lately }}) as side_lately,
                case
                    {%- if rule.kind == 'price' %}
                    when max(abs(side)) over ({{ told }}) = 1 then 1
                    {%- else %}
                    when abs(sum(side) over ({{ told }})) = {{ rule.told_rows }}
                        then 1
                    {%- endif %}
                end as is_told

            from (
                select
                    *,
                    case
                        when is_event = 1 then 0
                        when
                            residual > {{ rule.threshold }} * stray
                            and wide_residual > {{ rule.threshold }} * stray
                            then 1
                        when
                            residual < -{{ rule.threshold }} * stray
                            and wide_residual < -{{ rule.threshold }} * stray
                            then -1
                        else 0
                    end as side

                from (
                    select
                        *,
                        scale * {{ greater(
                            '1', 'coalesce(tail, 0) / ' ~ rule.guard_limit
                        ) }} as stray,
                        {{ anomaly_residual(rule, 'value', 'wide_expected') }}
                            as wide_residual

                    from {{ relation }}
                ) as strays
            ) as firsts
        ) as judged
    ) as bounds
{%- endmacro %}


{% macro threshold_after(rule, is_out) -%}
    case
        when {{ is_out }} then {{ 0.75 * rule.threshold }}
        else {{ rule.threshold }}
    end
{%- endmacro %}


{#- Whether a run of days alike is one that chance does not give: a day's
    chance to go on is what such days were of the days before the run, and not
    less than a model says. It is told for so many days, then it is known. -#}
{% macro improbable(run_length, alike, known, chance, unlikely, days) -%}
    {%- set chance_of_one = greater(
        '(' ~ alike ~ ' - ' ~ run_length ~ ' + 1.5) / ('
        ~ known ~ ' - ' ~ run_length ~ ' + 2)', chance
    ) -%}
    {{ run_length }} between 1 and {{ known }}
    and power({{ chance_of_one }}, {{ run_length }}) < {{ unlikely }}
    and power({{ chance_of_one }}, {{ run_length }} - ({{ days }}))
        >= {{ unlikely }}
{%- endmacro %}


{#- Small counts repeat by chance; fractions do not. -#}
{% macro chance_of_repeat(rule) -%}
    {%- if rule.kind == 'count' -%}
    case
        when value != floor(value) then 0
        when expected < 1 then 0.4
        else 0.4 / sqrt(expected)
    end
    {%- else -%}
    0
    {%- endif -%}
{%- endmacro %}


{#- What is known to be special may be twice, or a tenth of, the usual. -#}
{% macro event_factor(factor) -%}
    case when is_event = 1 then {{ factor }} else 1 end
{%- endmacro %}


{#- As far as that from what is usual of late, and from what was before. -#}
{% macro anomaly_band(rule, sign, strays) -%}
    {{ 'least' if sign == '-' else 'greatest' }}(
        {{ anomaly_bound(rule, sign, strays, 'expected') }},
        {{ anomaly_bound(rule, sign, strays, 'wide_expected') }}
    )
{%- endmacro %}


{#- The value so many strays away: anomaly_residual turned round. -#}
{% macro anomaly_bound(rule, sign, strays, expected) -%}
    {%- if rule.kind == 'price' -%}
    case
        when {{ expected }} + pad > 0
            then ({{ expected }} + pad)
                * exp({{ sign }}{{ strays }} * stray) - pad
    end
    {%- else -%}
    {%- set bound -%}
    {{ two_thirds(expected ~ ' / unit') }} {{ sign }} {{ strays }} * stray
    * sqrt(cbrt({{ greater('abs(' ~ expected ~ ') / unit', '0.02') }})) / 1.5
    {%- endset -%}
    ({{ bound }}) * sqrt(abs({{ bound }})) * unit
    {%- endif -%}
{%- endmacro %}
