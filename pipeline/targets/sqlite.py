"""One SQLite file, replaced in one step: who has the old one open goes on reading it.

SQLite has no decimals, days or instants. They are stored as text that is exact and sorts by time;
the declared type says what they are (`DECIMAL TEXT(38,9)`). Text compares as text, so each table
with decimals has a view `…_numeric` in which they are floats, to filter and sort by.
"""

import sqlite3
from pathlib import Path

import duckdb

from pipeline.settings import Folder, setting
from pipeline.targets.durable import swap
from pipeline.targets.snapshot import Column, PublishedTable, Snapshot

CHUNK = 50_000
INSTANT = "strftime({}, '%Y-%m-%d %H:%M:%S.%f')"
# DuckDB kind: declared type, and the value that is stored. The word TEXT keeps SQLite from
# making a float of a text that looks like a number.
STORED = {
    "VARCHAR": ("TEXT", "{}"),
    "BIGINT": ("BIGINT", "{}"),
    "INTEGER": ("INTEGER", "{}"),
    "DOUBLE": ("REAL", "if(isnan({}), error('SQLite cannot hold NaN'), {})"),
    "BOOLEAN": ("BOOLEAN", "cast({} as integer)"),
    "DATE": ("DATE TEXT", "cast({} as varchar)"),
    "DECIMAL": ("DECIMAL TEXT", "cast({} as varchar)"),
    "TIMESTAMP": ("TIMESTAMP TEXT", INSTANT),
    "TIMESTAMP WITH TIME ZONE": ("TIMESTAMPTZ TEXT", INSTANT + " || '+00:00'"),
}


class Sqlite:
    """Copies to `publish.sqlite.path`, or published/campaigns.sqlite of the data folder."""

    def __init__(self, folder: Folder) -> None:
        given = setting("publish.sqlite.path")
        self.file = Path(given or folder.published / "campaigns.sqlite").absolute()

    def write(self, snapshot: Snapshot) -> str:
        """Write a new file beside the live one, then put it in its place."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        draft = self.file.with_name(f"{self.file.name}.draft")
        draft.unlink(missing_ok=True)
        target = sqlite3.connect(draft)
        try:
            # Nobody reads a draft: it needs neither a journal nor a wait for the disk.
            target.executescript("pragma journal_mode = off; pragma synchronous = off;")
            with snapshot.opened() as database:
                for table in snapshot.tables(database):
                    _copy(database, table, target)
            target.execute("create table snapshot (version TEXT, published_at TEXT, build TEXT)")
            head = [snapshot.pointer[key] for key in ("version", "published_at", "build")]
            target.execute("insert into snapshot values (?, ?, ?)", head)
            target.commit()
            target.close()
            swap(draft, self.file)
        finally:
            target.close()
            draft.unlink(missing_ok=True)
        return str(self.file)


def _copy(
    database: duckdb.DuckDBPyConnection, table: PublishedTable, target: sqlite3.Connection
) -> None:
    name = f"{table.schema}_{table.name}"
    declared = ", ".join(f'"{column.name}" {_declared(column)}' for column in table.columns)
    target.execute(f'create table "{name}" ({declared})')
    stored = ", ".join(
        STORED[column.kind][1].replace("{}", f'"{column.name}"') for column in table.columns
    )
    rows = database.execute(f"select {stored} from snapshot.{table.path}")
    places = ", ".join("?" * len(table.columns))
    while chunk := rows.fetchmany(CHUNK):
        target.executemany(f'insert into "{name}" values ({places})', chunk)
    if any(column.kind == "DECIMAL" for column in table.columns):
        shown = ", ".join(
            f'cast("{column.name}" as real) as "{column.name}"'
            if column.kind == "DECIMAL"
            else f'"{column.name}"'
            for column in table.columns
        )
        target.execute(f'create view "{name}_numeric" as select {shown} from "{name}"')


def _declared(column: Column) -> str:
    return STORED[column.kind][0] + column.type.removeprefix(column.kind)
