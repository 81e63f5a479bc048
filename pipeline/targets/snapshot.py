"""A published snapshot as its copies read it: tables, typed columns, rows."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import duckdb

from pipeline.errors import CampaignsError
from pipeline.settings import Folder

# Snapshots that stay, so that a reader who has read a pointer finds what it names.
KEEP = 5
SCHEMAS = ("marts", "ops")
RELATIONS = """
select database_name, schema_name, table_name, comment from duckdb_tables()
union all select database_name, schema_name, view_name, comment from duckdb_views()"""
# What every target can hold exactly. HUGEINT, for one, becomes a float in Parquet.
KINDS = (
    *("VARCHAR", "BIGINT", "INTEGER", "DOUBLE", "BOOLEAN", "DATE", "DECIMAL"),
    *("TIMESTAMP", "TIMESTAMP WITH TIME ZONE"),
)


@dataclass(frozen=True)
class Column:
    """A column: its name, its DuckDB type and what it means."""

    name: str
    type: str
    comment: str | None = None

    @property
    def kind(self) -> str:
        """The type without its parameters."""
        return re.sub(r"\(.*\)", "", self.type)


@dataclass(frozen=True)
class PublishedTable:
    """A table of a snapshot; `rows` counts its rows."""

    schema: str
    name: str
    columns: tuple[Column, ...]
    rows: int
    comment: str | None = None

    @property
    def path(self) -> str:
        """The table's name in SQL, where its schema is at hand."""
        return f'"{self.schema}"."{self.name}"'


@dataclass(frozen=True)
class Snapshot:
    """A snapshot that was published: its file and the pointer that names it."""

    file: Path
    pointer: dict[str, Any]

    @property
    def version(self) -> str:
        """Name of the snapshot, the same in every copy."""
        return self.pointer["version"]

    @contextmanager
    def opened(self) -> Generator[duckdb.DuckDBPyConnection]:
        """Open an in-memory database in which the snapshot is attached as `snapshot`."""
        with duckdb.connect() as database:
            database.execute("set TimeZone = 'UTC'")
            database.execute(f"attach '{quoted(self.file)}' as snapshot (read_only)")
            yield database

    def tables(self, database: duckdb.DuckDBPyConnection) -> list[PublishedTable]:
        """Describe every table; raises CampaignsError at a type that not every target holds."""
        found = database.execute(
            "select schema_name, table_name, comment from duckdb_tables() "
            "where database_name = 'snapshot' order by all"
        ).fetchall()
        described = []
        for schema, name, comment in found:
            rows = database.execute(
                "select column_name, data_type, comment from duckdb_columns() "
                "where database_name = 'snapshot' and schema_name = ? and table_name = ? "
                "order by column_index",
                [schema, name],
            ).fetchall()
            columns = tuple(Column(*row) for row in rows)
            for column in columns:
                if column.kind not in KINDS:
                    raise CampaignsError(
                        f"{schema}.{name}.{column.name} is a {column.type}, which not every "
                        "target can hold exactly: cast it in its model"
                    )
            count = self.pointer["tables"][f"{schema}.{name}"]
            described.append(PublishedTable(schema, name, columns, count, comment))
        return described


class Target(Protocol):
    """A place for a copy of a snapshot."""

    def __init__(self, folder: Folder) -> None:
        """Read the target's settings; `folder` is where files go unless a setting says more."""
        ...

    def write(self, snapshot: Snapshot) -> str:
        """Copy every table, all or nothing; returns where it is, without any secret."""
        ...


def quoted(text: object) -> str:
    """Escape a text for an SQL literal."""
    return str(text).replace("'", "''")


def copy_marts(source: Path, database: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Copy the published schemas of a DuckDB file; returns the rows by `schema.table`.

    Views name their database by the file's stem, so it is attached under that name.
    """
    built = source.stem
    database.execute(f"attach '{quoted(source)}' as \"{built}\" (read_only)")
    counts = copy_attached(built, database)
    database.execute(f'detach "{built}"')
    return counts


def copy_attached(built: str, database: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Copy the published schemas of an attached database, with comments, in one transaction.

    What they held is replaced; views become tables. Returns the rows by `schema.table`.
    """
    found = database.execute(
        f"select schema_name, table_name, comment from ({RELATIONS}) "
        "where database_name = ? and schema_name in (select unnest(?)) order by all",
        [built, list(SCHEMAS)],
    ).fetchall()
    database.execute("begin")
    for schema in SCHEMAS:
        database.execute(f'drop schema if exists "{schema}" cascade; create schema "{schema}"')
    counts = {}
    for schema, table, comment in found:
        name = f'"{schema}"."{table}"'
        database.execute(f'create table {name} as from "{built}".{name}')
        comment_on(database, f"table {name}", comment)
        counted = database.execute(f"select count(*) from {name}").fetchone()
        counts[f"{schema}.{table}"] = counted[0] if counted else 0
    columns = database.execute(
        "select schema_name, table_name, column_name, comment from duckdb_columns() "
        "where database_name = ? and schema_name in (select unnest(?)) "
        "and comment is not null",
        [built, list(SCHEMAS)],
    ).fetchall()
    for schema, table, column, comment in columns:
        if f"{schema}.{table}" in counts:
            comment_on(database, f'column "{schema}"."{table}"."{column}"', comment)
    database.execute("commit")
    return counts


def comment_on(database: duckdb.DuckDBPyConnection, what: str, text: str | None) -> None:
    """Comment on a table or column, said as SQL says it; an empty text is none."""
    if text:
        database.execute(f"comment on {what} is '{quoted(text)}'")
