"""Bring the marts that Spark built into the warehouse file, from which they are published."""

import json
import shutil
from typing import Any

import duckdb

from pipeline.console import task
from pipeline.errors import CampaignsError
from pipeline.settings import Folder
from pipeline.spark.thrift import Thrift, quoted
from pipeline.targets.durable import swap
from pipeline.targets.snapshot import SCHEMAS

# Spark has one type of instants, the marts have days and UTC times without a zone.
KINDS = {"TIMESTAMP WITH TIME ZONE": "TIMESTAMP"}


def pull(thrift: Thrift, folder: Folder) -> dict[str, int]:
    """Replace `warehouse.duckdb` by one that holds Spark's marts and ops; returns rows by table.

    Spark writes Parquet, DuckDB reads it, `campaigns publish` takes it from there as it takes
    what DuckDB built. The folder must be one that the cluster's workers share.
    """
    exchange = folder.path / "spark" / "pulled"
    draft = folder.warehouse.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    counts = {}
    try:
        with task("bringing the marts from Spark"), duckdb.connect(str(draft)) as database:
            database.execute("set TimeZone = 'UTC'")
            for schema in SCHEMAS:
                database.execute(f'create schema "{schema}"')
                for _, table, _ in thrift.run(f"show tables in {schema}"):
                    files = exchange / schema / table
                    thrift.run(
                        f"insert overwrite directory '{quoted(files.as_uri())}' using parquet "
                        f"select * from {schema}.{table}"
                    )
                    counts[f"{schema}.{table}"] = _read(database, schema, table, str(files))
            _describe(database, folder)
            database.execute("checkpoint")
        swap(draft, folder.warehouse)
    finally:
        draft.unlink(missing_ok=True)
        shutil.rmtree(exchange, ignore_errors=True)
    return counts


def _read(database: duckdb.DuckDBPyConnection, schema: str, table: str, files: str) -> int:
    source = f"read_parquet('{files.replace(chr(39), chr(39) * 2)}/*.parquet')"
    columns = [
        f'cast("{name}" as {KINDS[kind]}) as "{name}"' if kind in KINDS else f'"{name}"'
        for name, kind, *_ in database.execute(f"describe from {source}").fetchall()
    ]
    database.execute(
        f'create table "{schema}"."{table}" as select {", ".join(columns)} from {source}'
    )
    found = database.execute(f'select count(*) from "{schema}"."{table}"').fetchone()
    return found[0] if found else 0


def _describe(database: duckdb.DuckDBPyConnection, folder: Folder) -> None:
    """Comments from dbt's manifest: Spark keeps none for the columns of a Parquet table."""
    manifest = folder.dbt_target / "manifest.json"
    if not manifest.exists():
        raise CampaignsError("nothing was built on Spark: run `campaigns build --target spark`")
    nodes: dict[str, dict[str, Any]] = json.loads(manifest.read_text("utf-8"))["nodes"]
    for node in nodes.values():
        if node["resource_type"] == "model" and node["schema"] in SCHEMAS:
            name = f'"{node["schema"]}"."{node["name"]}"'
            _comment(database, f"table {name}", node["description"])
            for column in node["columns"].values():
                _comment(database, f'column {name}."{column["name"]}"', column["description"])


def _comment(database: duckdb.DuckDBPyConnection, what: str, text: str) -> None:
    text = text.replace("'", "''")
    database.execute(f"comment on {what} is '{text}'")
