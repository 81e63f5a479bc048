"""What a reader must know beside the figures: what is missing, what is not settled, which data."""

from collections.abc import Iterator, Mapping
from typing import Any

from api.formats.cells import exact
from api.report import Report

NAMED = 5


def notes(report: Report) -> list[str]:
    """Give a sentence for each thing that a report's coverage tells, then its snapshot."""
    told = list(_sentences(report.coverage))
    if report.compared:
        told.insert(0, f"Before: {report.compared[0]} to {report.compared[1]}.")
    if report.has_more:
        told.append("More rows follow.")
    written = f"{report.generated_at:%Y-%m-%d %H:%M} UTC"
    return [*told, f"Snapshot {report.snapshot}, written {written}."]


def _sentences(coverage: Mapping[str, Any]) -> Iterator[str]:
    if "note" in coverage:
        yield f"{str(coverage['note']).capitalize()}."
    days = coverage.get("days")
    if coverage.get("is_complete") and coverage.get("is_mature"):
        yield "Every account was read for every day, and conversions are settled."
    if without := coverage.get("days_without_data"):
        yield f"No data for {without} of {days} days."
    if incomplete := coverage.get("incomplete_days", 0) - (without or 0):
        yield f"Not every account was read for {incomplete} of {days} days."
    if immature := coverage.get("immature_days"):
        yield f"Conversions of {immature} of {days} days may still grow."
    accounts = coverage.get("unsettled_accounts", [])
    missing = [
        f"{_account(one)} for {one['incomplete_days']} days"
        for one in accounts
        if one["incomplete_days"]
    ]
    ended = [f"{_account(one)} on {one['last_day']}" for one in accounts if one["ends_early"]]
    if missing:
        yield f"Not read: {_some(missing)}."
    if ended:
        yield f"Ended before the others: {_some(ended)}."
    for one in coverage.get("left_out", []):
        yield (
            f"Not in it: {one['platform']} {one['account_id']}, known by {one['grain']} only "
            f"({one['first_day']} to {one['last_day']})."
        )
    for one in coverage.get("held_back", []):
        held = one["cost_held"]
        money = f", holding {exact(held)} {one['currency'] or ''}".rstrip() if held else ""
        yield f"{one['row_count']:,} rows are held back: {one['reason']}{money}."


def _account(one: Mapping[str, Any]) -> str:
    return f"{one['account_name'] or one['account_id']} ({one['platform']})"


def _some(names: list[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
