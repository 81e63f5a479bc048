"""Where raw tables stand: the warehouse file, a DuckLake that several machines share, or a lake."""

from pathlib import Path
from typing import Any

import dlt
import duckdb

from ingestion.lake import Lake
from pipeline.errors import UsageError
from pipeline.extensions import extension_file, extension_folder
from pipeline.settings import Folder, setting
from pipeline.targets.snapshot import quoted

EXTENSIONS = ("ducklake", "postgres_scanner")
TABLES = """
select table_name from information_schema.tables
where table_catalog = current_database() and table_schema = ?"""


class Warehouse:
    """The DuckDB file; read-only for questions, and closed again after each."""

    adds = False

    def __init__(self, file: Path) -> None:
        self.file = file

    @property
    def destination(self) -> Any:
        """Dlt's destination."""
        return dlt.destinations.duckdb(str(self.file))

    def opened(self) -> duckdb.DuckDBPyConnection:
        """The database, for reading."""
        return duckdb.connect(str(self.file), read_only=True)

    def rows(
        self, dataset: str, sql: str, tables: tuple[str, ...], parameters: list[Any]
    ) -> list[tuple]:
        """Run `sql`, in which {table} stands for its rows of finished loads."""
        if not self.file.exists():
            return []
        return _finished_rows(self.opened(), dataset, sql, tables, parameters)


class DuckLake:
    """Tables as Parquet files, with their catalog in PostgreSQL: several may write at once."""

    adds = False

    def __init__(self, catalog: str, files: str) -> None:
        self.catalog = catalog
        self.files = files
        self.extensions = str(extension_folder(Folder(), *EXTENSIONS))

    @classmethod
    def configured(cls) -> "DuckLake | None":
        """The DuckLake of the settings `ducklake.catalog` and `ducklake.files`, if any."""
        catalog, files = setting("ducklake.catalog"), setting("ducklake.files")
        if catalog and not files:
            raise UsageError("DUCKLAKE__CATALOG needs DUCKLAKE__FILES: where its Parquet files lie")
        return cls(str(catalog), str(files)) if catalog else None

    @property
    def destination(self) -> Any:
        """Dlt's destination."""
        from dlt.destinations.impl.ducklake.configuration import DuckLakeCredentials

        access = DuckLakeCredentials(
            "warehouse", catalog=self.catalog, storage=self.files, metadata_schema="public"
        )
        access.global_config = {"extension_directory": self.extensions}
        return dlt.destinations.ducklake(credentials=access)

    def opened(self) -> duckdb.DuckDBPyConnection:
        """A database in memory that reads and writes the lake as `warehouse`."""
        database = duckdb.connect()
        database.execute("set TimeZone = 'UTC'")
        self.attach(database)
        database.execute("use warehouse")
        return database

    def attach(self, database: duckdb.DuckDBPyConnection) -> None:
        """Attach the lake as `warehouse`."""
        for name in EXTENSIONS:
            database.execute(f"load '{quoted(extension_file(name))}'")
        database.execute(
            f"attach 'ducklake:postgres:{quoted(self.catalog)}' as warehouse "
            f"(data_path '{quoted(self.files)}')"
        )

    def loads(self) -> list[str]:
        """Names of the loads that finished, in order."""
        with self.opened() as database:
            found = database.execute(
                "select table_schema from information_schema.tables where table_catalog = "
                "current_database() and table_name = '_dlt_loads' order by all"
            ).fetchall()
            loads: list[str] = []
            for (schema,) in found:
                rows = database.execute(f"select load_id from {schema}._dlt_loads where status = 0")
                loads += sorted(f"{schema} {load}" for (load,) in rows.fetchall())
        return loads

    def rows(
        self, dataset: str, sql: str, tables: tuple[str, ...], parameters: list[Any]
    ) -> list[tuple]:
        """Run `sql`, in which {table} stands for its rows of finished loads."""
        return _finished_rows(self.opened(), dataset, sql, tables, parameters)


# One that `adds` never changes what it has: see Lake.
Store = Lake | DuckLake | Warehouse


class StoreHistory:
    """What finished loads left of one dataset."""

    def __init__(self, store: Store, dataset: str) -> None:
        self.store = store
        self.dataset = dataset

    def rows(self, sql: str, tables: tuple[str, ...], parameters: list[Any]) -> list[tuple]:
        """Run `sql`; no rows where a table does not exist."""
        return self.store.rows(self.dataset, sql, tables, parameters)


def configured_store(data_dir: Path) -> Store:
    """The store of the settings: the warehouse file of the data folder if they name none."""
    return Lake.configured() or DuckLake.configured() or Warehouse(data_dir / "warehouse.duckdb")


def _finished_rows(
    database: duckdb.DuckDBPyConnection,
    dataset: str,
    sql: str,
    tables: tuple[str, ...],
    parameters: list[Any],
) -> list[tuple]:
    with database:
        known = {name for (name,) in database.execute(TABLES, [dataset]).fetchall()}
        if not {*tables, "_dlt_loads"} <= known:
            return []
        finished = f"select load_id from {dataset}._dlt_loads where status = 0"
        # A build makes empty tables of what was never read, with fewer columns.
        if database.execute(f"{finished} limit 1").fetchone() is None:
            return []
        names = {
            name: f"(select * from {dataset}.{name} where _dlt_load_id in ({finished}))"
            for name in tables
        }
        return database.execute(sql.format(**names), parameters).fetchall()
