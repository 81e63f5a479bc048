"""Rows between an answer and the warehouse: typed in Parquet files, checked, then streamed.

A unit's rows wait in files until the whole unit is known to be good.
"""

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from ingestion.contract import MEASURES, Batch, Table
from ingestion.http import Cut, Drifted, Problem
from ingestion.plan import Report

ROWS = 25_000


@dataclass
class Day:
    """A day of a report: rows received and the receipt's sums."""

    row_count: int
    sums: dict[str, int | Decimal | None]


class Spool:
    """A folder for the files of a run, and one database that all its threads query."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.numbers = count()
        # Parsing takes memory: while two answers are parsed, others can be waited for.
        self.parsing = threading.Semaphore(2)
        self.database = duckdb.connect(
            config={
                "threads": 2,
                "memory_limit": "1GB",
                # A file is read once or twice, then removed.
                "enable_external_file_cache": False,
                "temp_directory": str(folder / "spill"),
                "preserve_insertion_order": False,
            }
        )

    def file(self, suffix: str) -> Path:
        """Name a new file."""
        return self.folder / f"{next(self.numbers)}.{suffix}"

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Open a connection for one thread; cheap, unlike a database of one's own."""
        return self.database.cursor()


@dataclass
class Spooled(ABC):
    """Rows that wait in a Parquet file of a spool."""

    spool: Spool
    path: Path = field(init=False)

    def __post_init__(self) -> None:
        self.path = self.spool.file("parquet")

    @abstractmethod
    def batches(self) -> Iterator[Batch]:
        """Yield the rows in Arrow batches and remove the file."""


@dataclass
class EntitySheet(Spooled):
    """All rows of an account's entity, with the table's columns."""

    table: Table

    def batches(self) -> Iterator[Batch]:
        """Yield the rows in Arrow batches and remove the file."""
        names = [name for name in self.table.schema.names if name != "_deleted"]
        select = f"select {', '.join(names)}, cast(null as boolean) as _deleted"
        with self.spool.cursor() as database:
            yield from stream(database, self.table, f"{select} from {parquet(self.path)}")
        self.path.unlink()


@dataclass
class Sheet(Spooled):
    """The rows of a unit for one report, and what there is to say."""

    report: Report
    days: dict[date, Day] = field(default_factory=dict)
    quarantined: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def batches(self) -> Iterator[Batch]:
        """Yield the good rows in Arrow batches and remove the file."""
        if self.days:
            query = f"select {_columns(self.report)} from {parquet(self.path)} where {GOOD}"
            with self.spool.cursor() as database:
                yield from stream(database, self.report.table, query)
        self.path.unlink()


GOOD = "_reason is null"


def parquet(path: Path) -> str:
    """Read a Parquet file, in SQL."""
    return f"read_parquet({literal(str(path))})"


def literal(text: str) -> str:
    """Write a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def require(sheet: EntitySheet, names: list[str]) -> None:
    """Raise `Drifted` where a row lacks one of the columns."""
    lacking = ", ".join(f"count(*) - count({name})" for name in names)
    with sheet.spool.cursor() as database:
        found = database.execute(f"select {lacking} from {parquet(sheet.path)}").fetchone() or ()
    for name, number in zip(names, found, strict=True):
        if number:
            raise Drifted(f"{number} {sheet.table.name} lack {name}; {DRIFT}")


def check(
    database: duckdb.DuckDBPyConnection,
    sheet: Sheet,
    account_id: str,
    since: date,
    until: date,
) -> None:
    """Check the rows of a unit against what was asked, and fill in its days.

    Raises `Drifted` for a missing field, `Cut` for rows that contradict each other.
    """
    report, path = sheet.report, sheet.path
    facts = {
        "row_count": "count(*)",
        "strangers": f"count(*) filter (account_id <> {literal(account_id)})",
        "outside": f"count(*) filter (date not between '{since}' and '{until}')",
        "distinct_keys": f"count(distinct hash(date, {', '.join(report.key)}))",
        "bad": "count(_reason)",
        "undated": "count(*) filter (_reason = 'date')",
    }
    facts |= {f"has_{name}": f"count({name})" for name in (*report.required, *report.measured)}
    facts |= {f"check_{number}": sql for number, (sql, _) in enumerate(report.checks)}
    select = ", ".join(f"{sql} as {name}" for name, sql in facts.items())
    (found,) = (
        database.execute(f"select {select} from {parquet(path)}").to_arrow_table().to_pylist()
    )
    rows, bad = found["row_count"], found["bad"]
    for name in report.required:
        if rows - found[f"has_{name}"] > bad:
            raise Drifted(f"{rows - found[f'has_{name}']} of {rows} rows lack {name}; {DRIFT}")
    for name in report.measured:
        if rows > bad and not found[f"has_{name}"]:
            raise Drifted(f"none of {rows} rows has {name}; {DRIFT}")
    for number, (_, meaning) in enumerate(report.checks):
        if rows and found[f"check_{number}"]:
            raise Drifted(f"{meaning}; {DRIFT}")
    if found["undated"]:
        raise Drifted(f"{found['undated']} of {rows} rows have a date that is no day; {DRIFT}")
    if found["strangers"]:
        raise Problem(f"{found['strangers']} rows belong to another account")
    if found["outside"] or found["distinct_keys"] < rows:
        _tidy(database, sheet, since, until, rows)
    _sum(database, sheet)


DRIFT = "the platform's answers have changed, nothing of them is used: check API_VERSION"


def _tidy(
    database: duckdb.DuckDBPyConnection, sheet: Sheet, since: date, until: date, before: int
) -> None:
    """Drop days that were not asked for and rows that came twice."""
    tidy = sheet.path.with_suffix(".tidy.parquet")
    key = f"hash(date, {', '.join(sheet.report.key)})"
    database.execute(
        f"copy (select distinct * from {parquet(sheet.path)} "
        f"where date between '{since}' and '{until}' or date is null) "
        f"to {literal(str(tidy))} (format parquet)"
    )
    tidy.replace(sheet.path)
    query = f"select count(*), count(distinct {key}) from {parquet(sheet.path)}"
    (rows, keys) = database.execute(query).fetchone() or (0, 0)
    if keys < rows:
        raise Cut(f"{rows - keys} rows came twice, with different numbers")
    sheet.notes.append(f"{before - rows} rows that came twice or were not asked for passed over")


def _sum(database: duckdb.DuckDBPyConnection, sheet: Sheet) -> None:
    report = sheet.report
    sums = [f"sum({report.sums[name]}) as {name}" for name in MEASURES if name in report.sums]
    query = f"""
        select date, count(*) as row_count, {", ".join(sums)}
        from (select {_columns(report)} from {parquet(sheet.path)} where {GOOD})
        group by date"""
    for row in database.execute(query).to_arrow_table().to_pylist():
        day = row.pop("date")
        sheet.days[day] = Day(row.pop("row_count"), row)
    held = (
        f"select date, _reason as reason, _raw as raw_text, {report.sums.get('cost', 'null')} as "
        f"cost_held from {parquet(sheet.path)} where not ({GOOD})"
    )
    sheet.quarantined = database.execute(held).to_arrow_table().to_pylist()


def stream(database: duckdb.DuckDBPyConnection, table: Table, query: str) -> Iterator[Batch]:
    """Yield a query's rows, which has all columns of the table in order, in Arrow batches."""
    for batch in database.execute(query).to_arrow_reader(ROWS):
        rows = pa.Table.from_batches([batch])
        yield Batch(table, rows.cast(table.schema))


def _columns(report: Report) -> str:
    """Select the table's columns; measures that are zero where absent become 0."""
    parts = []
    for item in report.table.schema:
        name = item.name
        if name == "_deleted":
            parts.append("cast(null as boolean) as _deleted")
        elif name in report.zero:
            parts.append(f"cast(coalesce({name}, 0) as {sql_type(item.type)}) as {name}")
        else:
            parts.append(name)
    return ", ".join(parts)


def sql_type(kind: pa.DataType) -> str:
    """Name the DuckDB type of an Arrow type that raw tables use."""
    if pa.types.is_decimal(kind):
        return "DECIMAL(38, 9)"
    if pa.types.is_int64(kind):
        return "BIGINT"
    if pa.types.is_date(kind):
        return "DATE"
    return "BOOLEAN" if pa.types.is_boolean(kind) else "VARCHAR"
