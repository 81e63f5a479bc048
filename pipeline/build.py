"""Run dbt over the warehouse, in this process, and say in a line what failed."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from pipeline.console import task
from pipeline.errors import CampaignsError
from pipeline.settings import PROJECT, Folder

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult
    from dbt.contracts.graph.manifest import Manifest

# Unit tests judge the SQL on rows of their own: CI runs them, with `dbt build`.
BUILD = ("build", "--exclude-resource-type", "unit_test")
KEEP_OPEN = "CAMPAIGNS_KEEP_OPEN"  # read by profiles.yml


def build(folder: Folder) -> None:
    """Build and test every model; raises CampaignsError naming the first failures.

    The engine is the one that goes with where raw tables stand. What another than DuckDB built
    becomes the warehouse file.
    """
    from ingestion.stores import DuckLake, Warehouse, configured_store  # dlt takes seconds

    store = configured_store(folder.path)
    if isinstance(store, Warehouse):
        _build(folder)
    elif isinstance(store, DuckLake):
        from pipeline.pull import pull_ducklake

        _build(folder, "--target", "ducklake")
        pull_ducklake(store, folder)
    else:
        from pipeline.spark.attach import attach
        from pipeline.spark.pull import pull
        from pipeline.spark.thrift import session

        with session() as thrift:
            attach(thrift, store)
        _build(folder, "--target", "spark")
        with session() as thrift:
            pull(thrift, folder)


def _build(folder: Folder, *options: str) -> None:
    with task("building the marts") as advance:
        totals: dict[str, int] = {}

        def follow(event: Any) -> None:
            name = event.info.name
            if name == "ConcurrencyLine":
                totals["nodes"] = event.data.node_count
                advance(0, total=event.data.node_count)
            elif name == "NodeFinished":
                advance(1, note=event.data.node_info.node_name)

        result = run_dbt(folder, *BUILD, *options, follow=follow)
    if result.exception is not None:
        raise CampaignsError(f"dbt stopped: {_line(str(result.exception))}; see {_log(folder)}")
    nodes = list(getattr(result.result, "results", []))
    failed = [node for node in nodes if node.status in ("error", "fail")]
    if failed or not nodes:
        told = "; ".join(f"{node.node.name}: {_line(node.message or '')}" for node in failed[:3])
        more = f" and {len(failed) - 3} more" if len(failed) > 3 else ""
        raise CampaignsError(
            f"the build failed in {told or 'no node at all'}{more}. Readers keep the last "
            f"published snapshot; mend it and run `campaigns build` again; see {_log(folder)}"
        )


def run_dbt(
    folder: Folder,
    *command: str,
    follow: Callable[[Any], None] | None = None,
    manifest: "Manifest | None" = None,
) -> "dbtRunnerResult":
    """Run dbt in this process, with all that it writes in the data folder.

    `follow` is told its events; a project parsed before is taken from `manifest`. The warehouse is
    open from beginning to end and closed at the return.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner  # takes seconds to import; only building needs it

    os.environ[KEEP_OPEN] = "True"
    try:
        return dbtRunner(manifest, [follow] if follow else []).invoke(
            [
                *("--quiet", "--log-path", str(folder.logs)),
                *command,
                *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
                *("--target-path", str(folder.dbt_target)),
            ]
        )
    finally:
        DuckDBConnectionManager.close_all_connections()
        del os.environ[KEEP_OPEN]


def last_build(database: duckdb.DuckDBPyConnection) -> dict[str, Any] | None:
    """Read the newest build with its row of ops.builds, None before the first build.

    One that began and has no such row, in a file that nobody is writing to, was killed.
    """
    known = (
        "select 1 from duckdb_tables() where schema_name = 'ops' and table_name = 'builds_begun'"
    )
    if database.execute(known).fetchone() is None:
        return None
    rows = database.execute(
        "select invocation_id, finished_at, coalesce(status, 'killed') as status,"
        " coalesce(is_full, false) as is_full, failures from ops.builds_begun as begun"
        " full join ops.builds using (invocation_id)"
        " order by coalesce(begun.started_at, builds.started_at) desc limit 1"
    )
    return next(iter(rows.to_arrow_table().to_pylist()), None)


def _log(folder: Folder) -> Path:
    return folder.logs / "dbt.log"


def _line(text: str) -> str:
    return " ".join(text.split())[:160]
