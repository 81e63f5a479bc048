"""PostgreSQL: the rows of every table are replaced in one transaction of the server.

A reader there sees the old rows until the commit and the new ones after it; in a transaction of
isolation REPEATABLE READ it sees one snapshot through all its queries. Tables stay the same
tables, so grants and views of others on them stay as well.
"""

import re

import duckdb

from pipeline.errors import CampaignsError, UsageError
from pipeline.extensions import extension_file
from pipeline.settings import Folder, setting
from pipeline.targets.snapshot import PublishedTable, Snapshot, quoted

EXTENSION = "postgres_scanner"
# Which snapshot is there and which tables are ours: one that is no longer published goes.
LISTED = "ops.published_tables"


class Postgres:
    """Copies into the schemas `marts` and `ops` of the database `publish.postgres.url`."""

    def __init__(self, folder: Folder) -> None:
        del folder  # nothing is written to it
        self.url = setting("publish.postgres.url")
        if not self.url:
            raise UsageError(
                "no PostgreSQL is set: PUBLISH__POSTGRES__URL=postgresql://user:password@host/name"
            )

    def write(self, snapshot: Snapshot) -> str:
        """Replace every row in one transaction; a failure leaves the server as it was."""
        with snapshot.opened() as database:
            database.execute(f"load '{quoted(extension_file(EXTENSION))}'")
            try:
                database.execute(f"attach '{quoted(self.url)}' as pg (type postgres)")
                database.execute("begin")
                _replace(database, snapshot)
                database.execute("commit")
            except duckdb.Error as error:
                said = " ".join(str(error).replace(self.url, self.shown).split())
                raise CampaignsError(
                    f"not published to {self.shown}, which keeps what it had: {said[:300]}"
                ) from None
        return self.shown

    @property
    def shown(self) -> str:
        """The address without user and password."""
        return re.sub(r"//[^@/]*@", "//", self.url.split("?")[0])


def _replace(database: duckdb.DuckDBPyConnection, snapshot: Snapshot) -> None:
    tables = snapshot.tables(database)
    for schema in {"ops", *(table.schema for table in tables)}:
        database.execute(f'create schema if not exists pg."{schema}"')
    database.execute(
        f"create table if not exists pg.{LISTED} (snapshot varchar not null, published_at "
        "timestamptz not null, schema_name varchar not null, table_name varchar not null, "
        "row_count bigint not null)"
    )
    listed = database.execute(f"select schema_name, table_name from pg.{LISTED}").fetchall()
    for schema, name in set(listed) - {(table.schema, table.name) for table in tables}:
        database.execute(f'drop table if exists pg."{schema}"."{name}"')
    _server(database, f"delete from {LISTED}")
    for table in tables:
        _make_room(database, table)
        database.execute(f"insert into pg.{table.path} from snapshot.{table.path}")
        head = [snapshot.version, snapshot.pointer["published_at"]]
        database.execute(
            f"insert into pg.{LISTED} values (?, ?, ?, ?, ?)",
            [*head, table.schema, table.name, table.rows],
        )


def _make_room(database: duckdb.DuckDBPyConnection, table: PublishedTable) -> None:
    """Leave the table empty and of the right shape; made anew only where its columns changed."""
    standing = database.execute(
        "select column_name, data_type from duckdb_columns() where database_name = 'pg' "
        "and schema_name = ? and table_name = ? order by column_index",
        [table.schema, table.name],
    ).fetchall()
    if standing == [(column.name, column.type) for column in table.columns]:
        _server(database, f"delete from {table.path}")
    else:
        database.execute(f"drop table if exists pg.{table.path}")
        database.execute(f"create table pg.{table.path} as from snapshot.{table.path} limit 0")
    _comment(database, f"table {table.path}", table.comment)
    for column in table.columns:
        _comment(database, f'column {table.path}."{column.name}"', column.comment)


def _comment(database: duckdb.DuckDBPyConnection, what: str, text: str | None) -> None:
    _server(database, f"comment on {what} is '{quoted(text or '')}'")


def _server(database: duckdb.DuckDBPyConnection, statement: str) -> None:
    """Run a statement on the server, within the transaction."""
    database.execute(f"call postgres_execute('pg', '{quoted(statement)}')")
