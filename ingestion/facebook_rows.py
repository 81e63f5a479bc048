"""Meta's insights as rows: what is asked for, and the SQL that chooses the conversions.

Action types overlap (purchase, omni_purchase and the pixel's purchase are the same sales), so a
row's conversions are those of one type: the first of a list of priorities that the row carries.
"""

from datetime import date
from pathlib import Path

import duckdb
import orjson

from ingestion.answers import field_of, parse, select_rows, structure, tabulate, unknown_keys
from ingestion.facebook_queries import (
    AD,
    AD_STATUSES,
    CAMPAIGN,
    CONVERSIONS,
    LISTS,
    STATUSES,
    WINDOWS,
)
from ingestion.plan import Report
from ingestion.spool import GOOD, literal, parquet

METRICS = ("impressions", "clicks", "inline_link_clicks", "spend", "reach", *LISTS)
ACTION = {"action_type": "VARCHAR", "value": "VARCHAR"} | dict.fromkeys(WINDOWS, "VARCHAR")
SHAPE = literal(orjson.dumps([ACTION]).decode())
KNOWN = {"data", "action_type", "value", "date_start", "date_stop", *WINDOWS}


def fields_of(report: str, with_reach: bool) -> dict[str, str]:
    """Map the columns of a report to the fields to ask for."""
    names = dict.fromkeys(("account_id", "account_currency", *CAMPAIGN))
    columns = {name: name for name in names} | (AD if report == "ad" else {})
    metrics = {name: name for name in METRICS if with_reach or name != "reach"}
    return columns | metrics


def insights_params(
    report: str, fields: dict[str, str], since: date, until: date, breakdown: str | None
) -> dict[str, str]:
    """Write the parameters of an insights call: a row a day, deleted objects included."""
    level = "ad" if report == "ad" else "campaign"
    statuses = AD_STATUSES if level == "ad" else STATUSES
    everything = {
        "field": f"{level}.effective_status",
        "operator": "IN",
        "value": list(statuses),
    }
    params = {
        "level": level,
        "fields": ",".join(fields.values()),
        "time_range": _json({"since": str(since), "until": str(until)}),
        "time_increment": "1",
        "action_attribution_windows": _json(list(WINDOWS)),
        "filtering": _json([everything]),
    }
    return params | ({"breakdowns": breakdown} if breakdown else {})


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def write_insights(
    database: duckdb.DuckDBPyConnection,
    pages: Path,
    report: Report,
    fields: dict[str, str],
    account_id: str,
    goals: list[str],
    target: Path,
) -> list[str]:
    """Type the rows of a file of pages; returns the keys that nobody asked for."""
    fields = fields | {"date_start": "date_start", "date_stop": "date_stop"}
    unknown = unknown_keys([pages], KNOWN | set(fields.values()))
    tree = structure(fields, dict.fromkeys(LISTS, "JSON"))
    rows = select_rows("data", tree, bool(unknown))
    texts = {
        name: field_of(fields[name]) if name in fields else "cast(null as varchar)"
        for name in report.table.schema.names
        if name not in ("extra", "_deleted")
    }
    texts |= {name: f"cast({texts[name]} as varchar)" for name in LISTS}
    texts |= {
        "account_id": f"coalesce({texts['account_id']}, {literal(account_id)})",
        # A row that spans days has no day: it is not what was asked for.
        "date": "case when r.date_stop <> r.date_start then r.date_start || '/' || r.date_stop "
        "else r.date_start end",
        "conversion_action": "chosen",
    }
    texts |= _conversions()
    parse(database, pages, tabulate(_chosen(rows, goals), texts, report.table, target))
    return unknown


def split_actions(
    database: duckdb.DuckDBPyConnection, campaigns: Path, report: Report, target: Path
) -> None:
    """Write the campaign report's actions, one row a type; values without actions included."""
    good = f"select * from {parquet(campaigns)} where {GOOD}"
    lists = _with_types(good, "actions", "action_values")
    types = f"select *, unnest(list_distinct(list_concat(a_types, v_types))) as t from ({lists})"
    rows = f"""
        select * exclude (extra), cast(null as varchar) as extra, a as r,
            {_entry("a", "t")} as act, {_entry("v", "t")} as val
        from ({types})"""
    texts = {name: name for name in ("account_id", "campaign_id", "campaign_name")}
    texts |= {
        "date": "cast(date as varchar)",
        "action_type": "t",
        "is_chosen": "cast(coalesce(t = conversion_action, false) as varchar)",
    }
    database.execute(tabulate(rows, texts | _conversions(), report.table, target))


def _chosen(rows: str, goals: list[str]) -> str:
    """Add the chosen action type, and its entries `act` and `val`, to rows."""
    first = "case {cases} end"
    of_actions, of_values = (
        first.format(
            cases=" ".join(
                f"when list_contains({types}, {literal(goal)}) then {literal(goal)}"
                for goal in goals
            )
        )
        for types in ("a_types", "v_types")
    )
    return f"""
        select *, {_entry("a", "chosen")} as act, {_entry("v", "chosen")} as val
        from (
            select *, coalesce({of_actions}, {of_values}) as chosen
            from ({_with_types(rows, "r.actions", "r.action_values")})
        )"""


def _with_types(rows: str, actions: str, values: str) -> str:
    """Add the entries of both lists, `a` and `v`, and their types to rows."""
    return f"""
        select *, {_types("a")} as a_types, {_types("v")} as v_types
        from (
            select *, from_json({actions}, {SHAPE}) as a, from_json({values}, {SHAPE}) as v
            from ({rows})
        )"""


def _types(entries: str) -> str:
    return f"list_transform({entries}, lambda x: x.action_type)"


def _entry(entries: str, action_type: str) -> str:
    """Select the first entry of an action type; null where there is none."""
    return f"{entries}[nullif(list_position({entries}_types, {action_type}), 0)]"


def _conversions() -> dict[str, str]:
    """Map each conversion column to the chosen entry's key."""
    texts = {}
    for name in CONVERSIONS:
        entry = "val" if name.startswith("conversion_value") else "act"
        window = name.removeprefix("conversion_value" if entry == "val" else "conversions")
        texts[name] = f'{entry}."{window.lstrip("_") or "value"}"'
    return texts
