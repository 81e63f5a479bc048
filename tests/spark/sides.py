"""The same raw rows built by DuckDB and by Spark, and the cells in which their marts differ."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt.cli.main import dbtRunner

from ingestion.contract import Window
from pipeline.build import dbt_arguments
from pipeline.collect import collect, collectors
from pipeline.settings import Folder
from pipeline.spark.lend import lend
from pipeline.spark.pull import pull
from pipeline.spark.thrift import session
from simulator.demo import settings
from simulator.server import Simulator

MARTS = """
select schema_name, table_name, array_agg(column_name), array_agg(data_type)
from (from duckdb_columns() order by column_index)
where database_name = 'warehouse' and schema_name in ('marts', 'ops')
    and not starts_with(table_name, 'builds') group by all order by all"""
# When a build saw a version is no fact of the data.
MOMENTS = ("version_id", "valid_from", "valid_to")
# Doubles, and the one amount that is a rounded double.
ROUNDED = ("money_at_stake",)
CLOSE = 1e-9


def gather(folder: Folder, simulator: Simulator) -> None:
    """Read the simulated accounts into DuckDB, as they stand on the simulator's day."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in settings(simulator).items():
            environment.setenv(name, value)
        outcomes = collect(collectors(["google_ads", "facebook_ads"]), Window(), folder)
    assert not any(outcome.failures for outcome in outcomes)


def dbt(
    folder: Folder, *command: str, strict: bool = True, follow: Callable[[Any], None] | None = None
) -> list[Any]:
    """Run dbt, all of which must work if strict; `follow` is told its events. Returns what ran."""
    if "spark" in command:  # each target has a manifest of its own, or each run would parse anew
        command = (*command, "--target-path", str(folder.path / "dbt on Spark"))
    done = dbtRunner(callbacks=[follow] if follow else []).invoke(dbt_arguments(folder, *command))
    ran = list(getattr(done.result, "results", []))
    failed = [f"{one.node.name}: {one.message}" for one in ran if one.status in ("error", "fail")]
    assert ran and (done.success or not strict), failed or done.exception
    return ran


def to_spark(folder: Folder, lake: Path) -> None:
    """Make the warehouse's raw tables files, and attach these to Spark."""
    with session() as thrift:
        lend(thrift, folder.warehouse, lake)


def from_spark(folder: Folder) -> Path:
    """Spark's marts as a DuckDB file, beside the one that DuckDB built."""
    built, kept = folder.warehouse, folder.path / "built by DuckDB"
    built.replace(kept)
    with session() as thrift:
        pull(thrift, folder)
    pulled = folder.path / "built by Spark"
    built.replace(pulled)
    kept.replace(built)
    return pulled


def differing(folder: Folder, pulled: Path) -> dict[str, Any]:
    """Rows, by mart, that only one side has, then doubles that are further apart than CLOSE."""
    found: dict[str, Any] = {}
    with duckdb.connect() as database:
        database.execute("set TimeZone = 'UTC'")
        # Its views name the file that it was built as.
        database.execute(f"attach '{folder.warehouse}' as warehouse (read_only)")
        database.execute(f"attach '{pulled}' as spark (read_only)")
        marts = database.execute(MARTS).fetchall()
        assert len(marts) > 15
        for schema, table, names, kinds in marts:
            name = f"{schema}.{table}"
            types = database.execute(
                "select array_agg(data_type order by column_index) from duckdb_columns() "
                "where database_name = 'spark' and schema_name = ? and table_name = ?",
                [schema, table],
            ).fetchone()
            if types != (kinds,):
                found[name] = f"types {kinds}, {types}"
                continue
            columns = [
                column for column in zip(names, kinds, strict=True) if column[0] not in MOMENTS
            ]
            doubles = [one for one, kind in columns if kind == "DOUBLE" or one in ROUNDED]
            exact = ", ".join(f'"{one}"' for one, _ in columns if one not in doubles)
            sides = [
                f"(select {exact} from {one}.{name} except all select {exact} from {other}.{name})"
                for one, other in (("warehouse", "spark"), ("spark", "warehouse"))
            ]
            rows = [database.execute(f"from {side} limit 3").fetchall() for side in sides]
            if any(rows):
                found[name] = rows
            elif doubles:
                found |= _apart(database, name, exact, doubles)
    return found


def _apart(
    database: duckdb.DuckDBPyConnection, name: str, exact: str, doubles: list[str]
) -> dict[str, Any]:
    """Pair rows by their exact cells; list doubles that differ by more than CLOSE of themselves."""
    paired = " join ".join(
        f"(select row_number() over (order by {exact}) as place, "
        f"{', '.join(f'cast({one} as double) as {side}_{one}' for one in doubles)} "
        f"from {side}.{name})"
        for side in ("warehouse", "spark")
    )
    found = {}
    for one in doubles:
        rows = database.execute(
            f"select warehouse_{one} as here, spark_{one} as there from {paired} using (place) "
            "where (here is null) != (there is null) "
            f"or abs(here - there) > {CLOSE} * greatest(1, abs(here)) limit 3"
        ).fetchall()
        if rows:
            found[f"{name}.{one}"] = rows
    return found
