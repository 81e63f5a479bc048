-- one row per kind of simulated accounts and rule, over all series
select
    accounts,
    rule,
    recall,
    recall_money,
    precision,
    f1,
    delay_days,
    false_alarms_per_1000 as false_alarms
from (
    select * from marts.fct_anomaly_scorecard
    where scope = 'all' and rule <> 'never an alarm'
) as scored
right join (select 1) as always on true
order by accounts, rule
