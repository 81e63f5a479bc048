"""What a rule is worth: recall, precision, F1, false alarms, delay, money; see docs/scorecard.md.

Definitions. A *series* is one metric of one campaign. An incident concerns the metrics that it
changes (by a factor other than 1; for flat conversions, the conversions). It is *found* in a series
if the rule flags one of its days there, and found at all if it is found in one of its series. A
flagged day outside every incident of its campaign is a *false alarm point*; consecutive ones are
one false alarm. Only days with a verdict count as points.
"""

import duckdb

from scorecard.rules import METRICS, PLAIN, PRICES, RATES, macros

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


def run(database: duckdb.DuckDBPyConnection) -> None:
    """Make the table scores: every rule on every series."""
    database.execute(
        "create table scores (rule varchar, kind varchar, world bigint, account_id varchar, "
        "campaign_id varchar, metric varchar, date_day date, is_anomaly boolean, expected double, "
        "smallest_visible_change double, verdict varchar)"
    )
    rules = macros() | {
        name: {kind: sql.format(series=f"series_{kind}") for kind in METRICS}
        for name, sql in PLAIN.items()
    }
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
            concerns as metric, factor
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
