"""The same raw rows built by DuckDB and by Spark, and the cells in which their marts differ."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingestion.contract import Window
from pipeline.build import run_dbt
from pipeline.collect import collect, collectors
from pipeline.settings import Folder
from pipeline.spark.lend import lend
from simulator.demo import settings
from simulator.server import Simulator

# CI has six minutes: a cluster as small as its rows, and no tests that DuckDB runs too.
HURRIED = os.environ.get("CI") == "true"
MARTS = """
select schema_name, table_name, array_agg(column_name), array_agg(data_type)
from (from duckdb_columns() order by column_index)
where database_name = 'warehouse' and schema_name in ('marts', 'ops')
    and not starts_with(table_name, 'builds') group by all order by all"""
# When a build saw a version is no fact of the data.
MOMENTS = ("version_id", "valid_from", "valid_to")
# Numbers in the JSON of an insight, doubles among them.
NUMBERS = """":(-?[0-9][-+.0-9eE]*)"""
CLOSE = 1e-9


class Sides:
    """A data folder of each engine, `here` DuckDB's and `there` Spark's; raw rows come here."""

    def __init__(self, root: Path, environment: pytest.MonkeyPatch) -> None:
        self.environment = environment
        self.lake = root / "the lake"
        self.there = self._folder(root / "data of Spark")
        self.here = self._folder(root / "data of DuckDB")

    def _folder(self, path: Path) -> Folder:
        self.environment.setenv("CAMPAIGNS_DATA_DIR", str(path))
        return Folder().prepare()

    def gather(self, simulator: Simulator) -> None:
        """Read the simulated accounts, as they stand on the simulator's day."""
        with pytest.MonkeyPatch.context() as environment:
            for name, value in settings(simulator).items():
                environment.setenv(name, value)
            outcomes = collect(collectors(["google_ads", "facebook_ads"]), Window(), self.here)
        assert not any(outcome.failures for outcome in outcomes)

    def lend(self) -> None:
        """Make the raw tables files, and Spark's lake the place where raw tables stand."""
        lend(self.here.warehouse, self.lake)
        self.environment.setenv("DESTINATION__FILESYSTEM__BUCKET_URL", str(self.lake))

    def take_back(self) -> None:
        """Raw tables stand in the warehouse file again."""
        self.environment.delenv("DESTINATION__FILESYSTEM__BUCKET_URL")


def dbt(
    folder: Folder, *command: str, strict: bool = True, follow: Callable[[Any], None] | None = None
) -> dict[str, tuple[str, int]]:
    """Run dbt; all must work if strict; `follow` is told its events. Says how each node ended."""
    done = run_dbt(folder, *command, follow=follow)
    ran = list(getattr(done.result, "results", []))
    failed = [f"{one.node.name}: {one.message}" for one in ran if one.status in ("error", "fail")]
    assert ran and (done.success or not strict), failed or done.exception
    return {one.node.unique_id: (str(one.status), one.failures or 0) for one in ran}


def compare(here: Path, there: Path) -> tuple[dict[str, Any], set[str]]:
    """Give what differs between the marts of two files, and those of `here` that have no rows.

    First rows that only one side has, but for doubles; then doubles further apart than CLOSE.
    """
    differing: dict[str, Any] = {}
    empty = set()
    with duckdb.connect() as database:
        database.execute("set TimeZone = 'UTC'")
        # Views of a warehouse name the file that it was built as.
        database.execute(f"attach '{here}' as warehouse (read_only)")
        database.execute(f"attach '{there}' as other (read_only)")
        marts = database.execute(MARTS).fetchall()
        assert len(marts) > 25
        for schema, table, names, kinds in marts:
            mart = f"{schema}.{table}"
            if database.execute(f"select count(*) from warehouse.{mart}").fetchone() == (0,):
                empty.add(mart)
            found = _types(database, schema, table, kinds) or _difference(
                database, mart, dict(zip(names, kinds, strict=True))
            )
            if found:
                differing[mart] = found
    return differing, empty


def _types(
    database: duckdb.DuckDBPyConnection, schema: str, table: str, kinds: list[str]
) -> str | None:
    there = database.execute(
        "select array_agg(data_type order by column_index) from duckdb_columns() "
        "where database_name = 'other' and schema_name = ? and table_name = ?",
        [schema, table],
    ).fetchone()
    return None if there == (kinds,) else f"types {kinds}, {there}"


def _difference(
    database: duckdb.DuckDBPyConnection, mart: str, kinds: dict[str, str]
) -> list[Any] | None:
    numbers, exact = {}, []
    for name, kind in kinds.items():
        if name == "evidence":
            numbers[name] = f"cast(regexp_extract_all({name}, '{NUMBERS}', 1) as double[])"
            exact.append(f"regexp_replace({name}, '{NUMBERS}', '', 'g') as {name}")
        elif kind == "DOUBLE":
            numbers[name] = f"[{name}]"
        elif name not in MOMENTS:
            exact.append(f'"{name}"')
    cells = ", ".join(exact)
    for one, other in (("warehouse", "other"), ("other", "warehouse")):
        rows = database.execute(
            f"(select {cells} from {one}.{mart} except all select {cells} from {other}.{mart})"
            " limit 3"
        ).fetchall()
        if rows:
            return [f"only in {one}", *rows]
    measured = ", ".join(f"{number} as measured_{name}" for name, number in numbers.items())
    # Rows of the same cells are told apart by their numbers.
    paired = " join ".join(
        f"(select row_number() over () as place, {side}_row from ("
        f"select {cells}, {measured} from {side}.{mart} order by all) as {side}_row)"
        for side in ("warehouse", "other")
    )
    for name in numbers:
        here, there = f"warehouse_row.measured_{name}", f"other_row.measured_{name}"
        rows = database.execute(
            f"select {here}, {there} from {paired} using (place) "
            f"where list_filter(list_zip({here}, {there}), lambda pair: "
            "(pair[1] is null) != (pair[2] is null) "
            f"or abs(pair[1] - pair[2]) > {CLOSE} * greatest(1, abs(pair[1]))) != [] limit 3"
        ).fetchall()
        if rows:
            return [name, *rows]
    return None
