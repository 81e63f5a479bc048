{% test sums_equal(model, to, by, figures=none, where='true') %}
{#- The parts sum to the whole, in both directions, null equal to null. -#}
{% set parts %}
    select {{ by | join(', ') }}, {{ sum_measures(figures) }}
    from {{ model }}
    where {{ where }}
    group by {{ by | join(', ') }}
{% endset %}
{% set whole %}
    select {{ by | join(', ') }}, {{ sum_measures(figures) }}
    from {{ to }}
    group by {{ by | join(', ') }}
{% endset %}
({{ parts }} except {{ whole }})
union all
({{ whole }} except {{ parts }})
{% endtest %}
