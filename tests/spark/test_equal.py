"""Spark builds from the same files the marts that DuckDB builds, cell by cell."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import duckdb
import pytest

from pipeline.settings import Folder
from pipeline.spark.cluster import Cluster, alive
from simulator.server import Simulator
from simulator.portfolio import Scale
from simulator.world import ANCHOR
from tests.spark.sides import dbt, differing, from_spark, gather, to_spark
from tests.warehouse.histories import FUTURE, REPORTS, Account

ACCOUNTS = [Account(number, seed=7) for number in range(12)]
# Few ads, days enough that every mart has rows: backtests of forecasts need more than twelve weeks.
SCALE = Scale(google_campaigns=5, meta_campaigns=3, ad_groups=1, ads=2, days=100)
# Of Meta's, all days before this month vanish.
GONE = ANCHOR.replace(day=1)
MODELS = ("--exclude-resource-type", "test", "unit_test")


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(scale=SCALE) as running:
        yield running


def live(folder: Folder, *steps: int) -> None:
    """Let accounts beside the simulated ones restate, delete, rename, and be claimed twice."""
    with duckdb.connect(str(folder.warehouse)) as database:
        strict = database.execute(
            "select table_name, column_name from duckdb_columns() "
            "where schema_name = 'raw_google_ads' and not is_nullable"
        ).fetchall()
        for table, column in strict:
            database.execute(f"alter table raw_google_ads.{table} alter {column} drop not null")
        for step in steps:
            for account in ACCOUNTS:
                account.live(step, database)
        # A day far ahead would be the last of all: nothing would be left to compare with it.
        for table in ("performance", "receipts"):
            database.execute(f"delete from raw_files.{table} where date = ?", [FUTURE])


def build(folder: Folder, cluster: Cluster, lose: str | None = None) -> None:
    """Build with both engines; Spark loses the worker `lose` as soon as a table by slice stands."""

    def follow(event: Any) -> None:
        done = event.data.node_info.node_name if event.info.name == "NodeFinished" else None
        if lose is not None and done == "int_campaign_periods":
            cluster.kill_worker(lose)

    dbt(folder, "build", *MODELS)
    to_spark(folder, folder.path / "lake")
    dbt(folder, "build", *MODELS, "--target", "spark", follow=follow)


def verdicts(folder: Folder, target: str) -> dict[str, tuple[str, int]]:
    """What each generic, singular and unit test says."""
    ran = dbt(folder, "test", "--target", target, strict=False)
    return {one.node.unique_id: (str(one.status), one.failures or 0) for one in ran}


def test_a_full_build_is_the_same(folder: Folder, cluster: Cluster, simulator: Simulator) -> None:
    gather(folder, simulator)
    dbt(folder, "seed")
    live(folder, 0, 1)
    build(folder, cluster)
    assert differing(folder, from_spark(folder)) == {}


@pytest.mark.usefixtures("cluster")
def test_every_test_says_the_same(folder: Folder) -> None:
    here, there = verdicts(folder, "file"), verdicts(folder, "spark")
    assert len(here) > 250
    assert {
        name: (here[name], there.get(name)) for name in here if here[name] != there.get(name)
    } == {}


def test_an_incremental_build_is_the_same_though_a_worker_is_lost(
    folder: Folder, cluster: Cluster, simulator: Simulator
) -> None:
    simulator.control.today += timedelta(days=2)
    gather(folder, simulator)
    live(folder, 2, 3)
    with duckdb.connect(str(folder.warehouse)) as database:
        for report in REPORTS:
            database.execute(f"delete from raw_facebook_ads.{report} where date < ?", [GONE])
    build(folder, cluster, lose="worker0")
    assert differing(folder, from_spark(folder)) == {}
    state = cluster.state
    assert state is not None and not alive(state["processes"]["worker0"])
