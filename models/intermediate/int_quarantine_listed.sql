-- one row per row of an export that breaks a rule, parsed or not
{{ config(materialized='view') }}
{% set columns = [
    'source', 'platform', 'account_id', 'report', 'origin', 'line', 'date_day',
    'reason', 'detail', 'row_json', 'cost_held', 'currency', 'read_at',
] | join(', ') %}
with

quarantine as (

    {{ union_staging(
        'quarantine', var('collected') + ['exchange_rates']
    ) }}

),

released as (

    select * from {{ ref('int_rows_released') }}

),

unparsed as (

    select
        quarantine.*,
        cast(null as {{ dbt.type_string() }}) as report,
        {{ row_as_json(['raw_text']) }} as row_json

    from quarantine
    left join released
        on
            quarantine.source = released.source
            and quarantine.origin = released.origin
            and quarantine.line = released.line
    where released.line is null

),

final as (

    select {{ columns }} from unparsed
    union all
    select {{ columns }} from {{ ref('int_rows_broken') }}

)

select * from final
