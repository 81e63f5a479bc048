-- one row per row of a report or an export, as people put it right
{{ config(materialized='view') }}
with

performance as (

    {{ union_staging('performance') }}

),

released as (

    select * from {{ ref('int_rows_released') }}

),

as_read as (

    select performance.*
    from performance
    left join released
        on
            performance.source = released.source
            and performance.origin = released.origin
            and performance.line = released.line
    where released.line is null

),

put_right as (

    select
        {% for column in row_columns() if column != 'report' %}
        {{ {
            'grain': "coalesce(grain, 'day')",
            'campaign_id': "coalesce(campaign_id, '" ~ unattributed() ~ "')",
        }.get(column, column) }} as {{ column }},
        {% endfor %}
        'export' as report,
        {{ text_hash(row_columns() | reject('eq', 'report') | list
            + ['read_in']) }} as load_id

    from released

),

final as (

    select
        {{ row_columns() | join(', ') }},
        load_id

    from as_read
    union all
    select
        {{ row_columns() | join(', ') }},
        load_id

    from put_right

)

select * from final
