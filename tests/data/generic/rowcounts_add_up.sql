{% test rowcounts_add_up(model, to) %}
select *
from (
    select
        (select count(*) from {{ model }}) as actual,
        {% for relation in to %}
        (select count(*) from {{ relation }}) {{ "+" if not loop.last }}
        {% endfor %} as expected
) as counts
where actual != expected
{% endtest %}
