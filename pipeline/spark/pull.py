"""Bring the marts that Spark built into the warehouse file."""

import shutil

import duckdb

from pipeline.console import task
from pipeline.pull import new_warehouse
from pipeline.settings import Folder
from pipeline.spark.thrift import Thrift, place, quoted
from pipeline.targets.snapshot import SCHEMAS
from pipeline.targets.snapshot import quoted as quoted_here

# Spark has one type of instants; the marts have UTC times without a zone.
KINDS = {"TIMESTAMP WITH TIME ZONE": "TIMESTAMP"}


def pull(thrift: Thrift, folder: Folder) -> dict[str, int]:
    """Replace the warehouse file by one that holds Spark's marts; returns rows by table.

    Spark writes Parquet and DuckDB reads it, so the data folder must be one that the cluster's
    workers see as well.
    """
    exchange = folder.path / "spark" / "pulled"
    counts = {}
    try:
        with task("bringing the marts from Spark"), new_warehouse(folder) as database:
            for schema in SCHEMAS:
                database.execute(f'create schema "{schema}"')
                for _, table, *_ in thrift.run(f"show tables in {schema}"):
                    files = str(exchange / schema / table)
                    thrift.run(
                        f"insert overwrite directory '{quoted(place(files))}' using parquet "
                        f"select * from {schema}.{table}"
                    )
                    counts[f"{schema}.{table}"] = _read(database, schema, table, files)
    finally:
        shutil.rmtree(exchange, ignore_errors=True)
    return counts


def _read(database: duckdb.DuckDBPyConnection, schema: str, table: str, files: str) -> int:
    source = f"read_parquet('{quoted_here(files)}/*.parquet')"
    columns = [
        f'cast("{name}" as {KINDS[kind]}) as "{name}"' if kind in KINDS else f'"{name}"'
        for name, kind, *_ in database.execute(f"describe from {source}").fetchall()
    ]
    database.execute(
        f'create table "{schema}"."{table}" as select {", ".join(columns)} from {source}'
    )
    found = database.execute(f'select count(*) from "{schema}"."{table}"').fetchone()
    return found[0] if found else 0
