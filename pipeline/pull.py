"""Marts that were built elsewhere become the warehouse file, from which they are published."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import duckdb

from ingestion.stores import DuckLake
from pipeline.console import task
from pipeline.settings import Folder
from pipeline.targets.durable import swap
from pipeline.targets.snapshot import SCHEMAS, comment_on, copy_attached


@contextmanager
def new_warehouse(folder: Folder) -> Generator[duckdb.DuckDBPyConnection]:
    """A file in the making; it takes the warehouse's place, in one step, if the block ends well."""
    draft = folder.path / "pulled.draft"  # DuckDB names a database by its file
    draft.unlink(missing_ok=True)
    try:
        with duckdb.connect(str(draft)) as database:
            database.execute("set TimeZone = 'UTC'")
            yield database
            manifest = json.loads((folder.dbt_target / "manifest.json").read_text("utf-8"))
            _define(database, folder, manifest)
            _describe(database, manifest["nodes"])
            database.execute("checkpoint")
        swap(draft, folder.warehouse)
    finally:
        draft.unlink(missing_ok=True)


def pull_ducklake(lake: DuckLake, folder: Folder) -> dict[str, int]:
    """Replace the warehouse file by one that holds the lake's marts; returns rows by table."""
    with task("bringing the marts from the DuckLake"), new_warehouse(folder) as database:
        lake.attach(database)
        counts = copy_attached("warehouse", database)
        database.execute("detach warehouse")
    return counts


def _define(database: duckdb.DuckDBPyConnection, folder: Folder, manifest: dict[str, Any]) -> None:
    """What macros/record_semantics.sql leaves on DuckDB, which can read the file that holds it."""
    reporting = {
        one["name"]: one["config"]["meta"]
        for one in manifest["exposures"].values()
        if one["name"] in ("reporting", "segments")
    }
    semantics = (folder.dbt_target / "semantic_manifest.json").read_text("utf-8")
    database.execute("create schema semantic")
    database.execute(
        "create table semantic.definitions as "
        "select ? as invocation_id, ? as semantic_manifest, ? as reporting",
        [manifest["metadata"]["invocation_id"], semantics, json.dumps(reporting)],
    )


def _describe(database: duckdb.DuckDBPyConnection, nodes: dict[str, dict[str, Any]]) -> None:
    """Comments from dbt's manifest: not every engine keeps those of columns."""
    for node in nodes.values():
        if node["resource_type"] == "model" and node["schema"] in SCHEMAS:
            name = f'"{node["schema"]}"."{node["name"]}"'
            comment_on(database, f"table {name}", node["description"])
            for column in node["columns"].values():
                comment_on(database, f'column {name}."{column["name"]}"', column["description"])
