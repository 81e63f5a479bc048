{% macro convert_money(amount, rate) -%}
    {#- Exact: 9 decimals of money times 12 of the rate leave 17 digits before
        the point. Spark would cut the scale; profiles.yml forbids it. -#}
    ({{ amount }} * {{ rate }})
{%- endmacro %}


{% macro sum_converted(amount, rate) -%}
    {#- One row without a rate makes the sum unknown, never smaller. -#}
    case
        when
            count({{ amount }})
            = count(case when {{ rate }} is not null then {{ amount }} end)
            then cast(
                sum({{ convert_money(amount, rate) }}) as decimal(38, 9)
            )
    end
{%- endmacro %}


{% macro sum_of_one_currency(amount, currency='currency') -%}
    case
        when
            min(coalesce({{ currency }}, ''))
            = max(coalesce({{ currency }}, ''))
            then cast(sum({{ amount }}) as decimal(38, 9))
    end
{%- endmacro %}


{% macro the_only(column) -%}
    case
        when
            count({{ column }}) = count(*)
            and min({{ column }}) = max({{ column }})
            then max({{ column }})
    end
{%- endmacro %}


{% macro estimated_money(amount) -%}
    {#- An estimate is a double: what lies beyond the cent is noise, and differs
        with the order of its sums. -#}
    cast(round(cast({{ amount }} as decimal(38, 9)), 2) as decimal(38, 9))
{%- endmacro %}
