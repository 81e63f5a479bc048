-- A cost that could not be converted is null, and its row is in quarantine.
with

unconverted as (

    select
        platform,
        account_id,
        date_day

    from {{ ref('fct_campaign_daily') }}
    where cost is null and cost_local is not null

),

listed as (

    select
        platform,
        account_id,
        date_day

    from {{ ref('quarantined_rows') }}
    where reason in ('no_exchange_rate', 'unknown_currency')

),

final as (

    select * from unconverted
    except
    select * from listed

)

select * from final
