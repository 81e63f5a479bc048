{#- What both rules of anomalies read: rows of a relation under fixed names. -#}

{% macro anomaly_points(
    relation, entities, time_column, figures, seasonality, calendar_relation,
    calendar_columns
) -%}
    {%- set calendar = event_columns(
        calendar_relation, entities, time_column, calendar_columns
    ) if calendar_relation is not none else none -%}
    {%- set slot = {
        'day_of_week': days_between(
            "cast('1970-01-01' as date)", 'cast(time_of_row as date)'
        ),
        'hour_of_day': dbt.datediff(
            "cast('1970-01-01' as timestamp)",
            'cast(time_of_row as timestamp)', 'hour'
        ),
        'none': 'row_number() over (' ~ series_of(entities)
            ~ ' order by time_of_row)',
    }[seasonality] -%}
    {%- set season = {'day_of_week': 7, 'hour_of_day': 24, 'none': 1} -%}
    select
        *,
        {%- for name in figures %}
        case when is_event = 0 then {{ name }} end as
        {{- ' usable' if figures | length == 1 else ' usable_' ~ name }},
        {%- endfor %}
        slot % {{ season[seasonality] }} as season

    from (
        select
            *,
            {{ slot }} as slot

        from (
            {{ points_with_events(
                named_points(relation, entities, time_column, figures),
                entities, calendar_relation, calendar
            ) | indent(12) }}
        ) as named
    ) as placed
{%- endmacro %}


{#- Not read is null; so is what no arithmetic can hold. -#}
{% macro named_points(relation, entities, time_column, figures) -%}
    select
        {%- for entity in entities %}
        {{ quoted(entity) }} as entity_{{ loop.index }},
        {%- endfor %}
        {{ quoted(time_column) }} as time_of_row,
        {%- for name, column in figures.items() %}
        case
            when abs(cast({{ quoted(column) }} as double)) < 1e27
                then cast({{ quoted(column) }} as double)
        end as {{ name }}{{ "," if not loop.last }}
        {%- endfor %}

    from {{ relation }}
{%- endmacro %}


{#- Known events: a day of the calendar, for the entities that its row names;
    an empty cell, like a column that it does not have, means all of them. -#}
{% macro points_with_events(points, entities, calendar_relation, calendar) -%}
    {%- if calendar is none -%}
    select
        *,
        0 as is_event

    from (
        {{ points | indent(8) }}
    ) as points
    {%- else -%}
    select
        points.*,
        case when events.event_day is null then 0 else 1 end as is_event

    from (
        {{ points | indent(8) }}
    ) as points
    left join (
        select distinct
            {%- for number in calendar.entities %}
            points.entity_{{ number }},
            {%- endfor %}
            calendar.event_day

        from (
            select distinct cast({{ quoted(calendar.day) }} as date)
                as event_day
                {%- for number, name in calendar.entities.items() %},
                cast({{ quoted(name) }} as {{ dbt.type_string() }})
                    as event_{{ number }}
                {%- endfor %}

            from {{ calendar_relation }}
        ) as calendar
        {%- if calendar.entities %}
        inner join (
            {{ points | indent(12) }}
        ) as points
            on
                calendar.event_day = cast(points.time_of_row as date)
                {%- for number in calendar.entities %}
                and (
                    calendar.event_{{ number }} is null
                    or calendar.event_{{ number }}
                    = cast(points.entity_{{ number }} as {{ dbt.type_string() }})
                )
                {%- endfor %}
        {%- endif %}
    ) as events
        on
            cast(points.time_of_row as date) = events.event_day
            {%- for number in calendar.entities %}
            and points.entity_{{ number }}
            is not distinct from events.entity_{{ number }}
            {%- endfor %}
    {%- endif -%}
{%- endmacro %}


{#- Which columns of the calendar say when and for whom. -#}
{% macro event_columns(relation, entities, time_column, named) -%}
    {%- set names, days = [], [] -%}
    {%- for name in named or [] -%}
        {%- do names.append(bare(name)) -%}
    {%- endfor -%}
    {%- for column in columns_of(relation) if not named -%}
        {%- do names.append(column.name | lower) -%}
        {%- if column.dtype | lower == 'date' -%}
            {%- do days.append(column.name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for name in ['date_day', bare(time_column)] | reverse
        if name in names -%}
        {%- do days.insert(0, name) -%}
    {%- endfor -%}
    {%- set shared = {} -%}
    {%- for entity in entities if bare(entity) in names -%}
        {%- do shared.update({entities.index(entity) + 1: bare(entity)}) -%}
    {%- endfor -%}
    {%- do return(
        {'day': days[0] if days else 'date_day', 'entities': shared}
    ) -%}
{%- endmacro %}


{#- Nothing is known of a CTE's columns, nor before dbt runs. -#}
{% macro columns_of(relation) -%}
    {%- if not execute -%}{%- do return([]) -%}{%- endif -%}
    {%- if relation is string -%}
        {%- set parts = relation.replace('"', '').split('.') -%}
        {%- set relation = adapter.get_relation(
            database=parts[-3] if parts | length > 2 else target.database,
            schema=parts[-2] if parts | length > 1 else target.schema,
            identifier=parts[-1]
        ) -%}
        {%- if relation is none -%}{%- do return([]) -%}{%- endif -%}
    {%- endif -%}
    {%- do return(adapter.get_columns_in_relation(relation)) -%}
{%- endmacro %}


{% macro column_list(columns) -%}
    {%- do return([columns] if columns is string else columns | list) -%}
{%- endmacro %}


{% macro bare(name) -%}
    {%- do return(name.strip('"`') | lower) -%}
{%- endmacro %}


{% macro quoted(name) -%}
    {%- do return(
        name if name[0] in ['"', '`'] else adapter.quote(name)
    ) -%}
{%- endmacro %}


{% macro series_of(entities) -%}
    {%- set columns = ['1'] if not entities else [] -%}
    {%- for entity in entities -%}
        {%- do columns.append('entity_' ~ loop.index) -%}
    {%- endfor -%}
    {%- do return('partition by ' ~ columns | join(', ')) -%}
{%- endmacro %}


{% macro entity_names(entities) -%}
    {%- for entity in entities -%}
    entity_{{ loop.index }} as {{ quoted(entity) }},
    {% endfor -%}
{%- endmacro %}


{% macro entity_numbers(entities) -%}
    {%- for entity in entities -%}
    entity_{{ loop.index }},
    {% endfor -%}
{%- endmacro %}


{#- greatest() that is null where either side is, on every engine. -#}
{% macro greater(one, other) -%}
    case
        when {{ one }} >= {{ other }} then {{ one }}
        when {{ one }} < {{ other }} then {{ other }}
    end
{%- endmacro %}


{#- A sum of doubles depends on their order in the last digits; of these not. -#}
{% macro exact_sum(column, window) -%}
    cast(
        sum(cast({{ column }} as decimal(38, 9))) over ({{ window }}) as double
    )
{%- endmacro %}
