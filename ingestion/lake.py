"""Raw tables as Parquet files below one address, for engines that read files: Spark.

Files are only ever added. A row of a table whose slices are replaced names its slice (`_slice`): it
lives while its load is the last finished one that brought that slice. So what vanished at the
platform vanishes here with its slice, and what a killed load left never appears.
"""

from functools import cached_property
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from dlt.common.configuration import resolve_configuration
from dlt.common.storages import FilesystemConfiguration, fsspec_from_config

from ingestion.contract import Table
from pipeline.settings import setting
from pipeline.targets.snapshot import quoted

LOADS = "_dlt_loads"
SLICE = "_slice"
FINISHED = "_dlt_load_id in (select load_id from {loads} where status = 0)"
# What lives of the rows in {files}, on DuckDB and Spark alike.
KEPT = f"select * from {{files}} where {FINISHED}"
ALIVE = f"""{KEPT} and _deleted is null and ({SLICE}, _dlt_load_id) in (
    select {SLICE}, max(_dlt_load_id) from {{files}} where {FINISHED} group by {SLICE}
)"""


class Lake:
    """A folder or an object store, dlt's setting `destination.filesystem.bucket_url`."""

    adds = True

    def __init__(self, url: str) -> None:
        local = url.removeprefix("file://")
        self.is_local = "://" not in local
        self.url = str(Path(local).absolute()) if self.is_local else url.rstrip("/")

    @classmethod
    def configured(cls) -> "Lake | None":
        """The lake of the settings, None where raw tables go into the warehouse."""
        url = setting("destination.filesystem.bucket_url")
        return cls(str(url)) if url else None

    @property
    def destination(self) -> Any:
        """Dlt's destination; an object store's credentials are dlt's settings."""
        return dlt.destinations.filesystem(self.url)

    @cached_property
    def files(self) -> Any:
        """The file system below the address, as fsspec knows it."""
        config = FilesystemConfiguration()
        config.bucket_url = self.url
        return fsspec_from_config(
            resolve_configuration(config, sections=("destination", "filesystem"))
        )[0]

    def loads(self) -> list[str]:
        """The files that finished loads left, in order."""
        return self._found(f"*/{LOADS}/*.jsonl")

    def tables(self) -> dict[str, set[str]]:
        """Tables that have files, by dataset."""
        found: dict[str, set[str]] = {}
        for path in (*self.loads(), *self._found("*/*/*.parquet")):
            dataset, table = path.split("/")[-3:-1]
            found.setdefault(dataset, set()).add(table)
        return found

    def _found(self, pattern: str) -> list[str]:
        return sorted(self.files.glob(f"{self.files._strip_protocol(self.url)}/{pattern}"))

    def rows(
        self, dataset: str, sql: str, tables: tuple[str, ...], parameters: list[Any]
    ) -> list[tuple]:
        """Run `sql`, in which {table} stands for its living rows."""
        if not {*tables, LOADS} <= self.tables().get(dataset, set()):
            return []
        with self._opened() as database:
            loads = f"{self.url}/{dataset}/{LOADS}/*.jsonl"
            database.execute(
                f"create view loads_finished as from read_json('{quoted(loads)}', "
                "columns = {load_id: 'varchar', status: 'bigint'})"
            )
            names = {}
            for table in tables:
                files = self._read(dataset, table)
                query = living(SLICE in _columns(database, files))
                names[table] = f"({query.format(files=files, loads='loads_finished')})"
            return database.execute(sql.format(**names), parameters).fetchall()

    def columns(self, dataset: str) -> dict[str, dict[str, str]]:
        """The columns of all files of each table but LOADS, with their DuckDB types."""
        tables = self.tables().get(dataset, set()) - {LOADS}
        with self._opened() as database:
            return {table: _columns(database, self._read(dataset, table)) for table in tables}

    def _read(self, dataset: str, table: str) -> str:
        files = quoted(f"{self.url}/{dataset}/{table}/*.parquet")
        return f"read_parquet('{files}', union_by_name = true)"

    def _opened(self) -> duckdb.DuckDBPyConnection:
        database = duckdb.connect()
        database.execute("set TimeZone = 'UTC'")
        if not self.is_local:
            database.register_filesystem(self.files)
        return database


def _columns(database: duckdb.DuckDBPyConnection, files: str) -> dict[str, str]:
    described = database.execute(f"describe from {files}").fetchall()
    return {name: kind for name, kind, *_ in described}


def living(keyed: bool) -> str:
    """The query of the living rows of {files}, with its finished loads in {loads}."""
    return ALIVE if keyed else KEPT


def with_slices(table: Table, rows: pa.Table) -> pa.Table:
    """Add the column that names each row's slice, where the table has slices."""
    if not table.key:
        return rows
    parts = [pc.cast(rows[key], pa.string()) for key in table.key]
    named = pc.call_function("binary_join_element_wise", [*parts, pa.scalar("\x1f")])
    return rows.append_column(SLICE, named)
