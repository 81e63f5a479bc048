-- one row per held row of an export that seeds/corrections.csv puts right
{% set kept = ['source', 'origin', 'line', 'platform', 'account_id',
    'currency', 'date_day'] + only_parsed() | list %}
with

parsed as (

    select
        *,
        {{ row_as_json(row_columns()) }} as row_json
    from {{ ref('stg_files__performance') }} as rows_read
    where exists (
        select 1 from {{ ref('corrections') }} as corrections
        where
            corrections.origin = rows_read.origin
            and corrections.line = rows_read.line
    )

),

unparsed as (

    select
        *,
        {{ row_as_json(['raw_text']) }} as row_json
    from {{ ref('stg_files__quarantine') }} as rows_read
    where exists (
        select 1 from {{ ref('corrections') }} as corrections
        where
            corrections.origin = rows_read.origin
            and corrections.line = rows_read.line
    )

),

held as (

    select
        {{ kept | join(', ') }},
        part,
        load_id,
        {{ quarantine_id('1') }} as quarantine_id

    from parsed
    union all
    select
        source, origin, line, platform, account_id, currency, date_day,
        {% for column, type in only_parsed().items() %}
        cast(null as {{ type }}) as {{ column }},
        {% endfor %}
        '' as part,
        cast(read_at as {{ dbt.type_string() }}) as load_id,
        {{ quarantine_id('1') }} as quarantine_id

    from unparsed

),

final as (

    select
        held.quarantine_id,
        held.part,
        {% for column in kept | reject('in', corrected_columns()) %}
        held.{{ column }},
        {% endfor %}
        {% for column, corrected in corrected_columns().items() %}
        coalesce({{ corrected.split() | join(' ') }}, held.{{ column }})
            as {{ column }},
        {% endfor %}
        held.load_id as read_in

    from held
    inner join {{ ref('corrections') }} as corrections
        on held.quarantine_id = corrections.quarantine_id

)

select * from final
