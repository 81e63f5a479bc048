-- one row per source, account, report, day, measure and re-read that changed it
with

reads as (

    select * from {{ ref('int_slice_reads') }}
    where read_before is not null

),

final as (

    {% for measure in measures() %}
    select
        source,
        platform,
        account_id,
        report,
        grain,
        date_day,
        '{{ measure }}' as measure,
        cast({{ measure }} - {{ measure }}_change as decimal(38, 9)) as before,
        cast({{ measure }} as decimal(38, 9)) as after,
        read_before,
        read_at

    from reads
    where {{ measure }}_change != 0
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select * from final
