-- one row per kind of accounts, rule and scope: what it finds and misses
with

scorecard as (

    select * from {{ ref('anomaly_scorecard') }}

),

final as (

    select
        accounts,
        rule,
        scope,
        incidents,
        recall,
        precision,
        f1,
        recall_visible,
        recall_money,
        delay_days,
        points,
        false_alarms_per_1000

    from scorecard

)

select * from final
