{% test equal_rowcount(model, to) %}
select *
from (
    select
        (select count(*) from {{ model }}) as actual,
        (select count(*) from {{ to }}) as expected
) as counts
where actual != expected
{% endtest %}
