"""A report: the answer to a query, before any format."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

import pyarrow as pa

Kind = Literal["text", "date", "integer", "decimal", "double", "boolean"]


@dataclass(frozen=True)
class Column:
    """A column of a report; a dimension has neither unit nor additivity.

    `unit` is count, ratio, share or the reporting currency's code; `additivity` as in the marts'
    meta; `more_is_better` is None where neither direction is good.
    """

    name: str
    type: Kind
    label: str
    unit: str | None = None
    additivity: str | None = None
    more_is_better: bool | None = None


@dataclass(frozen=True)
class Report:
    """What every format is made from.

    `rows` has the columns in order, with exact types (money is decimal, days are dates);
    `start` and `end` are the first and last day asked for, both inclusive; `totals` is a row of the
    metrics over all rows, where it was asked for; `coverage` tells what is known to be missing.
    `grain` is that of the column `date`, None without one; `has_more` says that rows follow after
    these and the `offset` rows before them; `compared` are the first and last day compared with.
    """

    name: str
    start: date
    end: date
    currency: str
    columns: tuple[Column, ...]
    rows: pa.Table
    snapshot: str
    generated_at: datetime
    coverage: dict[str, Any]
    totals: dict[str, Any] | None = None
    grain: str | None = None
    offset: int = 0
    has_more: bool = False
    compared: tuple[date, date] | None = None

    def to_pylist(self) -> list[dict[str, Any]]:
        """Give the rows as dicts; money is Decimal, days are dates."""
        return self.rows.to_pylist()

    def to_pandas(self) -> Any:
        """Give the rows as a pandas frame (money as Decimal objects)."""
        return self.rows.to_pandas()

    def to_polars(self) -> Any:
        """Give the rows as a polars frame, if polars is installed."""
        import polars

        return polars.from_arrow(self.rows)
