"""What is known to be missing in an answer: told with it, so that no number looks surer than it is.

An account counts on the days that its reports cover. A day that no account covers is incomplete; an
account whose export ended earlier makes nothing incomplete, and is named with its last day.
"""

from collections.abc import Callable
from typing import Any

from api.catalogue import Mart
from api.compiler import Question, used

ACCOUNT = frozenset({"platform", "account_id", "account_name", "currency"})
CAMPAIGN = ACCOUNT | {"campaign_id", "campaign_name", "channel"}
ACCOUNTS = "snapshot.marts.dim_account"
CAMPAIGNS = (
    "snapshot.marts.dim_campaign inner join snapshot.marts.dim_account using (platform, account_id)"
)
MOST = 100  # accounts that are named, at most

Rows = Callable[[str, dict[str, Any]], list[dict[str, Any]]]


def coverage_of(question: Question, mart: Mart, rows: Rows) -> dict[str, Any]:
    """Tell how whole and how final the figures of a question are; see docs/semantic.md.

    `rows` runs a statement with parameters. Days are counted, money is in the account's currency.
    """
    parameters = question.parameters | {
        "start": question.start,
        "end": question.end,
        "level": mart.level,
    }

    def ask(sql: str) -> list[dict[str, Any]]:
        return rows(sql, used(sql, parameters))

    scope = f"scope as (\n{_scope(question)}\n)"
    (days,) = ask(f"with\n{scope}\n{KNOWN}")
    accounts = days.pop("accounts")
    unsettled = [
        account
        for account in accounts
        if account["incomplete_days"] or account["immature_days"] or account["ends_early"]
    ]
    told = {
        "is_complete": days["incomplete_days"] == 0,
        "is_mature": days["immature_days"] == 0,
        "first_day": question.start,
        **days,
        "level": mart.level,
        "accounts": len(accounts),
        "unsettled_accounts": unsettled[:MOST],
        "left_out": ask(f"with\n{scope}\n{_left_out(question)}"),
        "held_back": ask(f"with\n{scope}\n{HELD}"),
    }
    return told | {"notes": _notes(told)}


def _notes(told: dict[str, Any]) -> list[str]:
    """Say what a reader should know before believing a number; nothing where all is well."""
    days, missing, young = told["days"], told["incomplete_days"], told["immature_days"]
    notes = []
    if missing:
        notes.append(f"Incomplete: not every report was read for {missing} of {days} days.")
    if young:
        notes.append(f"Not settled: conversions of {young} of {days} days may still change.")
    if told["left_out"]:
        accounts = {(one["platform"], one["account_id"]) for one in told["left_out"]}
        notes.append(
            f"Left out: exports by week or month of {len(accounts)} accounts have no days."
        )
    if told["held_back"]:
        count = sum(one["row_count"] for one in told["held_back"])
        notes.append(f"Held back: {count} rows are in quarantine, or lack an exchange rate.")
    return notes


def _scope(question: Question) -> str:
    """SQL of the accounts that a question is about."""
    if question.filtered <= ACCOUNT:
        relation, range_ = ACCOUNTS, ""
    elif question.filtered <= CAMPAIGN:
        relation, range_ = CAMPAIGNS, ""
    else:
        relation = question.mart.sql
        range_ = f'and "{question.mart.day}" between $start and $end'
    return (
        f"select distinct platform, account_id from {relation}\nwhere {question.condition} {range_}"
    )


KNOWN = """
, known as materialized (
    select platform, account_id, date_day, is_complete, is_mature
    from scope
    inner join snapshot.ops.fct_completeness using (platform, account_id)
    where level = $level and grain = 'day' and date_day between $start and $end
),
summed as (
    select
        platform,
        account_id,
        cast(sum(if(not is_complete, 1, 0)) as bigint) as incomplete_days,
        min(if(not is_complete, date_day, null)) as first_incomplete_day,
        max(if(not is_complete, date_day, null)) as last_incomplete_day,
        cast(sum(if(not is_mature, 1, 0)) as bigint) as immature_days,
        max(date_day) as last_day,
        max(date_day) < max(max(date_day)) over () as ends_early
    from known
    group by platform, account_id
),
accounts as (
    select
        platform,
        account_id,
        account_name,
        summed.* exclude (platform, account_id)
    from summed
    inner join snapshot.marts.dim_account using (platform, account_id)
    order by incomplete_days desc, platform, account_id
),
days as (
    select date_day, bool_and(is_complete) as is_complete, bool_and(is_mature) as is_mature
    from known
    group by date_day
)
select
    $end - $start + 1 as days,
    $end - $start + 1 - count(*) as days_without_data,
    $end - $start + 1 - cast(coalesce(sum(if(is_complete, 1, 0)), 0) as bigint)
        as incomplete_days,
    $end - $start + 1 - cast(coalesce(sum(if(is_mature, 1, 0)), 0) as bigint) as immature_days,
    max(date_day) as last_day,
    coalesce((select list(accounts) from accounts), []) as accounts
from days"""

HELD = """
select
    reason, count(*) as row_count, currency, sum(cost_held) as cost_held
from scope
inner join snapshot.ops.quarantined_rows using (platform, account_id)
where date_day between $start and $end
group by reason, currency
order by reason, currency"""


def _left_out(question: Question) -> str:
    """SQL of the weekly and monthly exports in the range, which no answer by days can hold."""
    condition = question.condition if question.filtered <= CAMPAIGN else "true"
    parts = [
        f"select '{grain}' as grain, platform, account_id, {grain}_start as first_day, "
        f"cast({grain}_start + interval 1 {grain} as date) - 1 as last_day, cost\n"
        f"from snapshot.marts.agg_campaign_{name} inner join scope using (platform, account_id)\n"
        f"where source_grain = '{grain}' and {condition} and {grain}_start <= $end\n"
        f"and cast({grain}_start + interval 1 {grain} as date) > $start"
        for grain, name in (("week", "weekly"), ("month", "monthly"))
    ]
    return (
        f", coarse as (\n{' union all '.join(parts)}\n)\n"
        "select platform, account_id, grain, min(first_day) as first_day, "
        "max(last_day) as last_day, sum(cost) as cost\n"
        "from coarse group by platform, account_id, grain order by platform, account_id, grain"
    )
