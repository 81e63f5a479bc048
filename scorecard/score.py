"""What a rule is worth: recall, precision, F1, false alarms, delay, money; see docs/scorecard.md.

Definitions. A *series* is one metric of one campaign. An incident concerns the metrics that it
changes (by a factor other than 1; for flat conversions, the conversions). It is *found* in a series
if the rule flags one of its days there, and found at all if it is found in one of its series. A
flagged day outside every incident of its campaign is a *false alarm point*; consecutive ones are
one false alarm. Only days with a verdict count as points.
"""

from typing import Any

import duckdb

from scorecard.rules import METRICS, NAMES, PLAIN, PRICES, RATES, macros

FLAT = "flat_conversions"


def series(database: duckdb.DuckDBPyConnection) -> None:
    """Make a table of series for each kind of rule, from days."""
    for kind in ("count", "spend"):
        database.execute(
            f"create table series_{kind} as unpivot (select world, account_id, campaign_id, "
            f"date_day, {', '.join(METRICS[kind])} from days) on {', '.join(METRICS[kind])} "
            "into name metric value value"
        )
    for kind, ratios in (("price", PRICES), ("rate", RATES)):
        parts = " union all ".join(
            f"select world, account_id, campaign_id, '{name}' as metric, date_day, "
            f"{top} as events, {bottom} as trials, {top} / nullif({bottom}, 0) as value from days"
            for name, (top, bottom) in ratios.items()
        )
        database.execute(f"create table series_{kind} as {parts}")


Rules = dict[str, dict[str, str]]


def rules() -> Rules:
    """Give the SQL of every rule, by its name and the kind of series."""
    return macros() | {
        name: {kind: sql.format(series=f"series_{kind}") for kind in METRICS}
        for name, sql in PLAIN.items()
    }


def run(database: duckdb.DuckDBPyConnection, rules: Rules) -> None:
    """Make the table scores: every rule on every series."""
    database.execute(
        "create table scores (rule varchar, kind varchar, world bigint, account_id varchar, "
        "campaign_id varchar, metric varchar, date_day date, is_anomaly boolean, expected double, "
        "smallest_visible_change double, verdict varchar)"
    )
    for name, by_kind in rules.items():
        for kind, sql in by_kind.items():
            database.execute(
                "insert into scores select ?, ?, world, account_id, campaign_id, metric, date_day, "
                "coalesce(is_anomaly, false), expected, smallest_visible_change, verdict "
                f"from ({sql}) as scored",
                [name, kind],
            )


def factors() -> str:
    """SQL for one row an incident and metric that it concerns, with its factor."""
    whole = {name: name for name in (*METRICS["count"], *METRICS["spend"])}
    parts = {
        name: f"{top} / nullif({bottom}, 0)" for name, (top, bottom) in (PRICES | RATES).items()
    }
    rows = " union all ".join(
        f"select *, '{name}' as concerns, {factor} as factor from planted"
        for name, factor in (whole | parts).items()
    )
    return f"""
        select world, kind as incident, account_id, campaign_id, first_day, last_day,
            concerns as metric, factor,
            (last_day - first_day + 1) * greatest(abs(cost - 1), abs(conversions - 1)) as days_lost
        from ({rows})
        where case when kind = '{FLAT}' then concerns = 'conversions'
            else abs(factor - 1) > 0.001 end"""


def judge(database: duckdb.DuckDBPyConnection) -> None:
    """Make the tables found (an incident and metric) and alarms (flagged points outside)."""
    database.execute(f"create table concerned as {factors()}")
    on = "(s.world, s.account_id, s.campaign_id) = (i.world, i.account_id, i.campaign_id)"
    database.execute(f"""
        create table found as
        select s.rule, s.kind, i.*, bool_or(s.is_anomaly) as is_found,
            bool_or(s.verdict = 'judged') as is_judged,
            min(s.date_day - i.first_day) filter (where s.is_anomaly) as delay,
            arg_min(abs(i.factor - 1) * s.expected > s.smallest_visible_change, s.date_day)
                as is_visible
        from concerned as i
        join scores as s on {on} and s.metric = i.metric
            and s.date_day between i.first_day and i.last_day
        group by all""")
    database.execute(f"""
        create table alarms as
        select *, coalesce(date_day - lag(date_day) over series > 1, true) as is_first
        from (
            select * from scores as s where is_anomaly and not exists (
                from planted as i where {on} and s.date_day between i.first_day and i.last_day)
        )
        window series as (
            partition by rule, world, account_id, campaign_id, metric order by date_day)""")


def summary(database: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Give a row a rule for all series, for each kind of series and each kind of incident.

    Money is what the campaign spent a day before, times days and the larger of the changes of
    cost and conversions. False alarms have no kind of incident.
    """
    scopes = ("'all'", "kind || ' series'", "incident")
    rows = [row for scope in scopes for row in database.execute(SUMMARY.format(
        scope=scope, alarm_scope="null::varchar" if scope == "incident" else scope,
    )).to_arrow_table().to_pylist()]  # fmt: skip
    order = {name: place for place, name in enumerate([*NAMES, *PLAIN])}
    return sorted(rows, key=lambda row: order[row["rule"]])


SUMMARY = """
with daily as (
    select i.world, i.account_id, i.campaign_id, i.first_day, avg(d.cost / a.money) as spend
    from planted as i
    join accounts as a using (account_id)
    join days as d
        on (d.world, d.account_id, d.campaign_id) = (i.world, i.account_id, i.campaign_id)
        and d.date_day between i.first_day - 28 and i.first_day - 1
    group by all
), events as (
    select rule, {scope} as scope, world, account_id, campaign_id, first_day, incident,
        any_value(days_lost) as days_lost, bool_or(is_found) as is_found,
        bool_or(is_visible) as is_visible, min(delay) as delay
    from found group by all
), of_events as (
    select rule, scope, count(*) as incidents, count_if(is_found) as hits,
        count_if(is_visible) as visible, count_if(is_visible and is_found) as visible_hits,
        avg(delay) as delay, sum(days_lost * spend) as money,
        sum(days_lost * spend) filter (where is_found) as money_hit
    from events left join daily using (world, account_id, campaign_id, first_day) group by all
), of_points as (
    select rule, {alarm_scope} as scope, count_if(verdict = 'judged') as points
    from scores group by all
), alarm_days as (
    select distinct rule, {alarm_scope} as scope, world, account_id, campaign_id, date_day
    from alarms
), of_runs as (
    select rule, scope, count_if(is_first) as runs
    from (
        select *, coalesce(date_day - lag(date_day) over (
            partition by rule, scope, world, account_id, campaign_id order by date_day
        ) > 1, true) as is_first
        from alarm_days
    )
    group by all
), of_alarms as (
    select rule, {alarm_scope} as scope, count(*) as alarms from alarms group by all
), joined as (
    select rule, scope, incidents, hits, visible, visible_hits, delay, money, money_hit, points,
        case when points > 0 then coalesce(alarms, 0) end as alarms,
        case when points > 0 then coalesce(runs, 0) end as runs
    from (from of_points where scope is not null)
    full join of_events using (rule, scope)
    left join of_alarms using (rule, scope)
    left join of_runs using (rule, scope)
)
select rule, scope, incidents, round(hits / incidents, 3) as recall,
    round(hits / nullif(hits + runs, 0), 3) as precision,
    round(2 * hits / (incidents + hits + runs), 3) as f1,
    round(visible_hits / nullif(visible, 0), 3) as recall_visible,
    round(money_hit / nullif(money, 0), 3) as recall_money, round(delay, 2) as delay_days, points,
    round(1000 * alarms / nullif(points, 0), 2) as false_alarms_per_1000
from joined order by rule, scope
"""
