"""From an answer's bytes on disk to typed, checked rows, without a loop over rows.

DuckDB reads the JSON with declared columns, every number as text, and casts it: BIGINT and
DECIMAL(38, 9) are exact, nothing passes through a float. The rows of a unit stand in a Parquet
file until the whole unit is known to be good.
"""

import re
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

ROWS = 200_000
SAMPLE = 1 << 16
OBJECT = 1 << 24
LARGEST = 1 << 27
KEYS = re.compile(rb'"(\w+)"\s*:')


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
        self.database = duckdb.connect(
            config={
                "threads": 2,
                "memory_limit": "1GB",
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


def structure(paths: dict[str, str], kinds: dict[str, str] | None = None) -> dict[str, Any]:
    """Nest dotted JSON paths, as DuckDB's JSON functions want them; leaves are VARCHAR."""
    tree: dict[str, Any] = {}
    for column, path in paths.items():
        *parents, leaf = path.split(".")
        branch = tree
        for parent in parents:
            branch = branch.setdefault(parent, {})
        branch[leaf] = (kinds or {}).get(column, "VARCHAR")
    return tree


def struct_type(tree: dict[str, Any]) -> str:
    """Write a nested structure as a DuckDB STRUCT type."""
    parts = (
        f'"{name}" {struct_type(kind) if isinstance(kind, dict) else kind}'
        for name, kind in tree.items()
    )
    return f"STRUCT({', '.join(parts)})"


def field_of(path: str) -> str:
    """Write a dotted JSON path as SQL over the row `r`."""
    return "r." + ".".join(f'"{part}"' for part in path.split("."))


def unknown_keys(files: list[Path], known: set[str]) -> list[str]:
    """List keys that nobody asked for, as seen at the beginning and the end of each answer."""
    seen: set[bytes] = set()
    for path in files:
        with path.open("rb") as file:
            seen |= set(KEYS.findall(file.read(SAMPLE)))
            file.seek(max(path.stat().st_size - SAMPLE, 0))
            seen |= set(KEYS.findall(file.read(SAMPLE)))
    return sorted({key.decode() for key in seen} - known)


def ends(path: Path) -> tuple[bytes, bytes]:
    """Give the beginning and the end of a file, without the blanks around it."""
    with path.open("rb") as file:
        head = file.read(SAMPLE).lstrip()
        file.seek(max(path.stat().st_size - SAMPLE, 0))
        return head, file.read(SAMPLE).rstrip()


def read_text(file: Path, layout: str, key: str) -> str:
    """Select the JSON text of a key in the objects of a file, where an object has it."""
    return (
        f"select {key} from read_json({literal(str(file))}, format = '{layout}', "
        f"maximum_object_size = {_object_size(file)}, columns = {{{key}: 'JSON'}}) "
        f"where {key} is not null"
    )


def require(sheet: EntitySheet, names: list[str]) -> None:
    """Raise `Drifted` where a row lacks one of the columns."""
    lacking = ", ".join(f"count(*) - count({name})" for name in names)
    with sheet.spool.cursor() as database:
        found = database.execute(f"select {lacking} from {parquet(sheet.path)}").fetchone() or ()
    for name, number in zip(names, found, strict=True):
        if number:
            raise Drifted(f"{number} {sheet.table.name} lack {name}; {DRIFT}")


def read_json(file: Path, layout: str, rows: str, tree: dict[str, Any], extra: bool) -> str:
    """Select rows `r` and `extra` from a list `rows` in the objects of a JSON file.

    `layout` is DuckDB's format: array or unstructured. With `extra`, the row's JSON as it was
    received stands beside it, else null.
    """
    kind = "JSON" if extra else struct_type(tree)
    columns = f"{{{literal(rows)}: {literal(kind + '[]')}}}"
    source = (
        f"read_json({literal(str(file))}, format = '{layout}', "
        f"maximum_object_size = {_object_size(file)}, columns = {columns})"
    )
    if not extra:
        return f'select unnest("{rows}") as r, cast(null as varchar) as extra from {source}'
    shape = literal(_json(tree))
    return (
        f"select from_json(j, {shape}) as r, cast(j as varchar) as extra "
        f'from (select unnest("{rows}") as j from {source})'
    )


def tabulate(
    database: duckdb.DuckDBPyConnection,
    source: str,
    texts: dict[str, str],
    table: Table,
    target: Path,
) -> None:
    """Cast the texts that `source` gives and write them to a Parquet file.

    A text that is no number or no day is left null and named in `_reason`, with the row in `_raw`.
    Raises `Cut` where the JSON is broken.
    """
    fields = [table.schema.field(name) for name in texts]
    typed = [f"{_cast(item)} as {item.name}" for item in fields]
    loose = [item for item in fields if not pa.types.is_string(item.type)]
    broken = " ".join(
        f"when {item.name} is not null and {_cast(item)} is null then '{item.name}'"
        for item in loose
    )
    reason = f"case {broken} end" if broken else "cast(null as varchar)"
    named = ", ".join(f"{sql} as {name}" for name, sql in texts.items())
    query = f"""
        copy (
            with texts as (select {named}, extra, r from ({source}) as answer)
            select {", ".join(typed)}, extra, {reason} as _reason,
                case when {reason} is not null then cast(to_json(r) as varchar) end as _raw
            from texts
        ) to {literal(str(target))} (format parquet)"""
    try:
        database.execute(query)
    except duckdb.InvalidInputException as error:
        raise Cut(f"the answer is no whole JSON ({_first_line(error)})") from None


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
            parts.append(f"cast(coalesce({name}, 0) as {_sql_type(item.type)}) as {name}")
        else:
            parts.append(name)
    return ", ".join(parts)


def _object_size(file: Path) -> int:
    return min(max(OBJECT, file.stat().st_size), LARGEST)


def _cast(item: pa.Field) -> str:
    kind = _sql_type(item.type)
    return item.name if kind == "VARCHAR" else f"try_cast({item.name} as {kind})"


def _sql_type(kind: pa.DataType) -> str:
    if pa.types.is_decimal(kind):
        return "DECIMAL(38, 9)"
    if pa.types.is_int64(kind):
        return "BIGINT"
    if pa.types.is_date(kind):
        return "DATE"
    return "BOOLEAN" if pa.types.is_boolean(kind) else "VARCHAR"


def _json(tree: dict[str, Any]) -> str:
    parts = (
        f'"{name}": {_json(kind) if isinstance(kind, dict) else chr(34) + kind + chr(34)}'
        for name, kind in tree.items()
    )
    return "{" + ", ".join(parts) + "}"


def _first_line(error: Exception) -> str:
    return re.sub(r'file "[^"]*"', "it", str(error).splitlines()[0])
