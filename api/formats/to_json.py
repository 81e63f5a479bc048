"""JSON in the shape of DESIGN.md; decimals are numbers with all their digits."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

import orjson

from api.formats.cells import exact
from api.report import Column, Report

ROWS = 2000


def json(report: Report, _: str = "") -> Iterator[bytes]:
    """Write a report in chunks of rows, so that a large one is never held as text."""
    before, after = facts(report)
    yield dumped(before)[:-1] + b',"data":['
    first = True
    for batch in report.rows.to_batches(ROWS):
        if batch.num_rows:
            rows = dumped(batch.to_pylist())[1:-1]
            yield rows if first else b"," + rows
            first = False
    yield b"]," + dumped(after)[1:]


def facts(report: Report) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give all of an answer but its data: what stands before it and what after."""
    before = {
        "name": report.name,
        "time_range": _range(report.start, report.end),
        "currency": report.currency,
        "columns": [told(column) for column in report.columns],
    }
    after: dict[str, Any] = {"row_count": report.rows.num_rows}
    if report.totals is not None:
        after["totals"] = report.totals
    following = report.offset + report.rows.num_rows if report.has_more else None
    return before, after | {
        "grain": report.grain,
        "compared": report.compared and _range(*report.compared),
        "next_offset": following,
        "snapshot": report.snapshot,
        "coverage": report.coverage,
        "generated_at": report.generated_at,
    }


def _range(start: date, end: date) -> dict[str, date]:
    return {"start_date": start, "end_date": end}


def told(column: Column) -> dict[str, Any]:
    """Describe a column; what does not apply to it is null."""
    return asdict(column)


def dumped(content: Any) -> bytes:
    """Write JSON; a number that is not finite is null."""
    return orjson.dumps(content, default=_number)


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(exact(value)) if value.is_finite() else None
    raise TypeError(f"{type(value).__name__} has no JSON")
