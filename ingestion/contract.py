"""The one contract that every collector fulfils.

A collector yields batches: Arrow tables with declared types, each bound for one table of its
dataset `raw_<dataset>`. Beside its data tables, every collector writes three tables of record:
`receipts` (which slices a load covered and what they summed to), `quarantine` (rows that could
not be read, with their reason and the money they hold) and `loads` (one row per unit of work).

Money is decimal(38, 9) in the account's currency, ids are text, days are the account's own days.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import pyarrow as pa

MONEY = pa.decimal128(38, 9)
INSTANT = pa.timestamp("us", tz="UTC")
MEASURES = {
    "impressions": pa.int64(),
    "clicks": pa.int64(),
    "cost": MONEY,
    "conversions": MONEY,
    "conversion_value": MONEY,
}


@dataclass(frozen=True)
class Table:
    """A raw table: its columns and, where rows are replaced, the key of what is replaced whole.

    An empty key appends. With a key, a load replaces every row that shares a key with a row it
    brings; a row with `_deleted` set only removes.
    """

    name: str
    schema: pa.Schema
    key: tuple[str, ...] = ()

    def batch(self, rows: list[dict[str, Any]]) -> "Batch":
        """Make a batch of rows given as dicts; a missing column is null."""
        return Batch(self, pa.Table.from_pylist(rows, schema=self.schema))


@dataclass(frozen=True)
class Batch:
    """Rows bound for one raw table."""

    table: Table
    rows: pa.Table


def columns(required: dict[str, pa.DataType], optional: dict[str, pa.DataType]) -> pa.Schema:
    """Build an Arrow schema from columns that are never null and columns that may be."""
    return pa.schema(
        [pa.field(name, kind, nullable=False) for name, kind in required.items()]
        + [pa.field(name, kind) for name, kind in optional.items()]
    )


RECEIPTS = Table(
    "receipts",
    columns(
        {
            "source": pa.string(),
            "platform": pa.string(),
            "account_id": pa.string(),
            "report": pa.string(),
            "grain": pa.string(),
            "part": pa.string(),
            "origin": pa.string(),
            "date": pa.date32(),
            "status": pa.string(),
        },
        {"detail": pa.string(), "row_count": pa.int64()} | MEASURES | {"read_at": INSTANT},
    ),
)
QUARANTINE = Table(
    "quarantine",
    columns(
        {"source": pa.string(), "origin": pa.string()},
        {
            "platform": pa.string(),
            "account_id": pa.string(),
            "line": pa.int64(),
            "date": pa.date32(),
            "reason": pa.string(),
            "detail": pa.string(),
            "raw_text": pa.string(),
            "cost_held": MONEY,
            "currency": pa.string(),
            "read_at": INSTANT,
            "_deleted": pa.bool_(),
        },
    ),
    key=("source", "origin"),
)
LOADS = Table(
    "loads",
    columns(
        {"source": pa.string(), "origin": pa.string(), "status": pa.string()},
        {
            "detail": pa.string(),
            "row_count": pa.int64(),
            "quarantined_count": pa.int64(),
            "content_hash": pa.string(),
            "first_date": pa.date32(),
            "last_date": pa.date32(),
            "read_at": INSTANT,
        },
    ),
)


@dataclass(frozen=True)
class Window:
    """What the user asked to read: inclusive days, None where left to the collector."""

    since: date | None = None
    until: date | None = None
    full_refresh: bool = False

    @property
    def bounded(self) -> bool:
        """Whether the user narrowed the days."""
        return self.since is not None or self.until is not None


class History(Protocol):
    """What earlier, finished loads left in the warehouse."""

    def rows(self, sql: str, tables: tuple[str, ...], parameters: list[Any]) -> list[tuple]:
        """Query raw tables of the collector's dataset; no rows where a table does not exist."""
        ...


class Collector(Protocol):
    """A platform: where its rows go, what its units of work are called, how to get them."""

    name: str
    dataset: str
    unit: str

    def collect(
        self, window: Window, history: History, say: Callable[[str], None]
    ) -> Iterator[Batch]:
        """Yield batches; a unit that fails is a `loads` row with status failed, never a raise."""
        ...
