{#- Splits the change of a metric into parts that sum to it exactly. -#}

{#- Mean of a product on the straight way from before to now. Simpson's rule has
    it exactly for up to three moving factors, and times the move of one more
    factor it is that factor's Shapley value. -#}
{% macro mean_product(factors) -%}
    (
        {%- for prefix in ['previous_', 'middle_', ''] %}
        {{ '+ 4 * ' if loop.index == 2 else '+ ' if loop.last }}
        {{- prefix }}{{ factors | join(' * ' ~ prefix) }}
        {%- endfor %}
    ) / 6
{%- endmacro %}


{% macro change_drivers(relation, whole, part) -%}
{%- set whole_keys = whole | join(', ') -%}
{%- set part_keys = part | join(', ') -%}
{%- set keys = whole_keys ~ ', ' ~ part_keys -%}
{%- set rates = driver_rates() -%}
with

sides as (

    {{ metric_sides(relation, keys) }}

),

-- Sums of the whole; impressions of those parts alone that can be split.
summed as (

    select
        *,
        {%- for prefix in ['', 'previous_'] %}
        {%- for side in ['numerator', 'denominator'] %}
        sum(
            case
                when is_numerator = {{ side == 'numerator' }}
                    then {{ prefix }}amount
            end
        ) over (partition by {{ whole_keys }}, metric)
            as {{ prefix }}{{ side }},
        {%- endfor %}
        sum(case when is_chained then {{ prefix }}impressions end) over (
            partition by {{ whole_keys }}, metric, is_numerator
        ) as {{ prefix }}volume
        {{- "," if not loop.last }}
        {%- endfor %}

    from sides

),

-- A ratio knows no volume: its sides are counted per impression.
sized as (

    select
        *,
        {%- for prefix in ['', 'previous_'] %}
        {{ prefix }}impressions / {{ prefix }}volume as {{ prefix }}share,
        case when is_ratio then 1 else {{ prefix }}volume end
            as {{ prefix }}size,
        case
            when is_ratio then coalesce({{ prefix }}volume, 1) else 1
        end as {{ prefix }}unit
        {{- "," if not loop.last }}
        {%- endfor %}

    from summed

),

-- What one unit of a side moves the metric by, in the mean of both orders.
weighed as (

    select
        *,
        (share + previous_share) / 2 as middle_share,
        (size + previous_size) / 2 as middle_size,
        share * size as head,
        previous_share * previous_size as previous_head,
        (share * size + previous_share * previous_size) / 2 as middle_head,
        {%- for rate in rates %}
        ({{ rate }} + previous_{{ rate }}) / 2 as middle_{{ rate }},
        {%- endfor %}
        case
            when not is_ratio then 1
            when is_numerator
                then (
                    {{ safe_divide('unit', 'denominator') }}
                    + {{ safe_divide('previous_unit', 'previous_denominator') }}
                ) / 2
            else
                -(
                    cast(numerator as double) / unit
                    + cast(previous_numerator as double) / previous_unit
                ) / 2
                * {{ safe_divide('unit', 'denominator') }}
                * {{ safe_divide('previous_unit', 'previous_denominator') }}
        end as weight

    from sized

),

-- One reading of them for all drivers: planners copy what is read by name.
moves as (

    select
        {{ keys }},
        metric,
        case
            when drivers.driver != 'whole part' then drivers.driver
            when presence in ('new', 'stopped') then presence
            else 'unknown'
        end as driver,
        case drivers.driver
            when 'volume'
                then weight * (size - previous_size) * middle_share
                    * {{ mean_product(rates) }}
            when 'mix'
                then weight * middle_size * (share - previous_share)
                    * {{ mean_product(rates) }}
            {%- for rate in rates %}
            when '{{ rate }}'
                then weight * ({{ rate }} - previous_{{ rate }})
                    * {{ mean_product(
                        ['head'] + rates | reject('eq', rate) | list
                    ) }}
            {%- endfor %}
            else weight * (
                cast(coalesce(amount, 0) as double) / unit
                - cast(coalesce(previous_amount, 0) as double) / previous_unit
            )
        end as contribution

    from weighed
    cross join (
        values
        {% for driver in ['whole part', 'volume', 'mix'] + rates -%}
        ('{{ driver }}'){{ ', ' if not loop.last }}
        {%- endfor %}
    ) as drivers (driver)
    where
        case drivers.driver
            when 'whole part' then not is_chained
            when 'volume' then is_chained and not is_ratio
            {%- for rate in rates %}
            when '{{ rate }}'
                then is_chained and {{ rate }} != previous_{{ rate }}
            {%- endfor %}
            else is_chained
        end

),

lines as (

    select
        {{ keys }},
        metric,
        driver,
        cast(sum(contribution) as decimal(38, 9)) as contribution

    from moves
    group by {{ keys }}, metric, driver

),

{% for name, columns in {'wholes': whole_keys, 'parts': keys}.items() %}

{{ name }} as (

    select
        *,
        value - previous_value as change

    from (
        select
            {{ columns }},
            metric,
            is_ratio,
            {%- for prefix in ['', 'previous_'] %}
            case
                when is_ratio
                    then cast(
                        {{ safe_divide(
                            'sum(case when is_numerator then ' ~ prefix
                            ~ 'amount end)',
                            'sum(case when not is_numerator then ' ~ prefix
                            ~ 'amount end)'
                        ) }} as decimal(38, 9)
                    )
                else cast(sum({{ prefix }}amount) as decimal(38, 9))
            end as {{ prefix }}value
            {{- "," if not loop.last }}
            {%- endfor %}

        from sides
        group by {{ columns }}, metric, is_ratio
    ) as {{ name }}_summed

),
{%- endfor %}

-- A sum is tied part by part, a ratio as a whole.
targets as (

    select
        lines.*,
        wholes.value,
        wholes.previous_value,
        wholes.change,
        parts.value as part_value,
        parts.previous_value as part_previous_value,
        case
            when wholes.is_ratio then wholes.change
            else coalesce(parts.value, 0) - coalesce(parts.previous_value, 0)
        end as target,
        case
            when wholes.is_ratio then ''
            else lines.{{ part | join(" || ' ' || lines.") }}
        end as tied_part

    from lines
    inner join wholes
        on
            lines.metric = wholes.metric
            {%- for key in whole %}
            and lines.{{ key }} = wholes.{{ key }}
            {%- endfor %}
    inner join parts
        on
            lines.metric = parts.metric
            {%- for key in whole + part %}
            and lines.{{ key }} = parts.{{ key }}
            {%- endfor %}
    where wholes.change is not null

),

ties as (

    select
        *,
        target - sum(contribution) over (
            partition by {{ whole_keys }}, metric, tied_part
        ) as rest,
        row_number() over (
            partition by {{ whole_keys }}, metric, tied_part
            order by abs(contribution) desc, driver asc, {{ part_keys }}
        ) as place

    from targets

)

select
    {{ keys }},
    metric,
    driver,
    cast(
        contribution + case when place = 1 then rest else 0 end
        as decimal(38, 9)
    ) as contribution,
    value,
    previous_value,
    change,
    part_value,
    part_previous_value

from ties
where contribution != 0 or place = 1
union all
select
    {{ whole_keys }},
    {%- for key in part %}
    cast(null as {{ dbt.type_string() }}) as {{ key }},
    {%- endfor %}
    metric,
    'unknown' as driver,
    cast(null as decimal(38, 9)) as contribution,
    value,
    previous_value,
    change,
    cast(null as decimal(38, 9)) as part_value,
    cast(null as decimal(38, 9)) as part_previous_value

from wholes
where change is null and coalesce(value, previous_value) is not null
{%- endmacro %}


{#- What a change may be told of, and the columns that name it. -#}
{% macro change_scopes() -%}
    {% do return({
        'all': [],
        'platform': ['platform'],
        'account': ['platform', 'account_id'],
    }) %}
{%- endmacro %}


{#- Every row once for each whole that it is a part of. -#}
{% macro in_change_scopes(relation) -%}
    select
        parts.*,
        scopes.scope,
        case scopes.scope
            {%- for scope, keys in change_scopes().items() %}
            when '{{ scope }}' then {{ keys | join(" || '/' || ") or "'all'" }}
            {%- endfor %}
        end as whole

    from {{ relation }} as parts
    cross join (
        values
        {% for scope in change_scopes() -%}
        ('{{ scope }}'){{ ', ' if not loop.last }}
        {%- endfor %}
    ) as scopes (scope)
{%- endmacro %}
