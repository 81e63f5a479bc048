"""Reports for tests: by hand, and of any names and figures."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from api.report import Column, Report

BASE = "http://127.0.0.1"
COLUMNS = (
    Column("campaign_name", "text", "Campaign"),
    Column("date_day", "date", "Day"),
    Column("impressions", "integer", "Impressions", "count", "additive", True),
    Column("cost", "decimal", "Cost", "USD", "additive"),
    Column("cpc", "decimal", "CPC", "USD", "ratio", False),
    Column("ctr", "double", "CTR", "share", "ratio", True),
    Column("is_complete", "boolean", "Complete"),
)
TYPES = {
    "text": pa.string(),
    "date": pa.date32(),
    "integer": pa.int64(),
    "decimal": pa.decimal128(38, 9),
    "double": pa.float64(),
    "boolean": pa.bool_(),
}
NASTY = (
    "plain",
    "",
    " ",
    "a,b;\"c\" 'd'",
    "line\nbreak\ttab\r\nend",
    "=cmd()|'/C calc'!A0",
    "'=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "＝1+1",
    "مرحبا (שלום)",
    "🙂 日本語",
    "| pipe \\| back\\",
    "<script>alert(1)</script> &amp; <b>",
    "*bold* _it_ `code` [x](http://x.y) ![i](j)",
    "https://x.y www.a.b me@x.y",
    "{{ 7 * 7 }} {% raw %}",
    "'; drop table x; --",
    "NULL",
    "\x1b[2J\x00\x07",
    "_x0041_",
)

TEXTS = st.one_of(
    st.sampled_from(NASTY),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    st.text("=+-@'\"|\\<>&;,\n\r\t *_`[]~$# ab🙂ש", max_size=12),
)
MONEY = st.integers(-(10**38) + 1, 10**38 - 1).map(lambda value: Decimal(f"{value}e-9"))
VALUES = {
    "text": TEXTS,
    "date": st.dates(date(1000, 1, 1)),
    "integer": st.integers(-(2**63), 2**63 - 1),
    "decimal": MONEY,
    "double": st.floats(-1e300, 1e300),
    "boolean": st.booleans(),
}


def report(rows: list[dict[str, Any]], totals: dict[str, Any] | None = None) -> Report:
    """Make a report of rows, which may lack columns."""
    arrays = {
        column.name: pa.array([row.get(column.name) for row in rows], TYPES[column.type])
        for column in COLUMNS
    }
    return Report(
        name="Spend <b>| & more",
        start=date(2026, 1, 1),
        end=date(2026, 1, 31),
        currency="USD",
        columns=COLUMNS,
        rows=pa.table(arrays),
        snapshot="20260201T000000000000Z",
        generated_at=datetime(2026, 2, 1, 12, 0, tzinfo=UTC),
        coverage={"is_complete": False, "notes": ["Not read: A | B <b>."]},
        totals=totals,
    )


def rows_of(data: Report) -> list[tuple[Any, ...]]:
    """Give the rows as tuples."""
    return [tuple(row.values()) for row in data.rows.to_pylist()]


REPORTS = st.lists(
    st.fixed_dictionaries({column.name: st.none() | VALUES[column.type] for column in COLUMNS}),
    max_size=4,
).map(report)
