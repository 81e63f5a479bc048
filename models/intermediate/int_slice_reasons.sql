-- one row per slice and thing that its figures rest on: loads and claims
{% set keys = slice_key() | join(', ') %}
with

performance as (

    select * from {{ ref('int_performance') }}

),

claims as (

    select * from {{ ref('int_slice_claims') }}

),

rates as (

    select * from {{ ref('int_exchange_rates_daily') }}

),

loaded as (

    select
        {{ keys }},
        currency,
        sum({{ number_hash(['load_id']) }}) as loads

    from performance
    group by {{ keys }}, currency

),

rated as (

    select
        loaded.*,
        rates.fx_rate,
        rates.fx_rate_date

    from loaded
    left join rates
        on
            loaded.currency = rates.currency
            and loaded.date_day = rates.date_day

),

final as (

    select
        {{ keys }},
        {{ number_hash([
            'date_day', 'currency', 'loads', 'fx_rate', 'fx_rate_date',
        ]) }} as reason

    from rated
    union all
    select
        {{ keys }},
        {{ number_hash([
            'date_day', 'source', 'read_at', 'fault', 'is_speaking',
        ]) }} as reason

    from claims

)

select * from final
