"""Spark builds from the same files the marts that DuckDB builds, cell by cell."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import duckdb
import pytest

from api.engine import Reports
from ingestion.lake import Lake
from pipeline.build import build
from pipeline.publish import publish
from pipeline.settings import Folder
from pipeline.spark.attach import attach
from pipeline.spark.cluster import Cluster, alive
from pipeline.spark.pull import pull
from pipeline.spark.thrift import session
from simulator.portfolio import Scale
from simulator.server import Simulator
from simulator.world import ANCHOR
from tests.spark.sides import HURRIED, Sides, compare, dbt
from tests.warehouse.histories import FUTURE, REPORTS, Account

# Few ads, days enough that every mart has rows: backtests of forecasts need more than twelve weeks.
SCALE = Scale(google_campaigns=5, meta_campaigns=3, ad_groups=1, ads=2, days=100)
ACCOUNTS = [Account(number, seed=7) for number in range(12)]
# Of Meta's, all days before this month vanish.
GONE = ANCHOR.replace(day=1)
SINCE = ANCHOR - timedelta(days=60)
MODELS = ("build", "--exclude-resource-type", "test", "unit_test")
SPARK = ("--target", "spark")
# Those that the lives of accounts break, by what they are called.
BROKEN = ("test", "--select", "sums_equal_*")


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(scale=SCALE) as running:
        yield running


def live(folder: Folder) -> None:
    """Let accounts beside the simulated ones restate, delete, rename, and be claimed twice."""
    with duckdb.connect(str(folder.warehouse)) as database:
        strict = database.execute(
            "select table_name, column_name from duckdb_columns() "
            "where schema_name = 'raw_google_ads' and not is_nullable"
        ).fetchall()
        for table, column in strict:
            database.execute(f"alter table raw_google_ads.{table} alter {column} drop not null")
        for step in range(4):
            for account in ACCOUNTS:
                account.live(step, database)
        # A day far ahead would be the last of all: nothing would be left to compare with it.
        for table in ("performance", "receipts"):
            database.execute(f"delete from raw_files.{table} where date = ?", [FUTURE])
        for report in REPORTS:
            database.execute(f"delete from raw_facebook_ads.{report} where date < ?", [GONE])


def vouch(folder: Folder) -> None:
    """Let a build be published of which no data test was asked for."""
    with duckdb.connect(str(folder.warehouse)) as database:
        database.execute("update ops.builds set is_full = true")


def ask(folder: Folder) -> list[tuple[Any, ...]]:
    """What the API says of a published snapshot: a platform's cost in the last weeks."""
    report = Reports.open(folder.path).query(
        metrics=["cost"], by=["platform"], since=SINCE, until=ANCHOR, order_by=["platform"]
    )
    return [(row["platform"], row["cost"]) for row in report.to_pylist()]


def costs(folder: Folder) -> list[tuple[Any, ...]]:
    """The same of what was built, by hand."""
    with duckdb.connect(str(folder.warehouse), read_only=True) as database:
        return database.execute(
            "select platform, sum(cost) from marts.fct_campaign_daily "
            "where date_day between ? and ? group by all order by all",
            [SINCE, ANCHOR],
        ).fetchall()


def test_a_full_build_is_the_same_and_serves_the_same(
    sides: Sides, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With every data test, unless in a hurry; what Spark built is published as ever."""
    sides.gather(simulator)
    dbt(sides.here, *MODELS)
    sides.lend()
    if HURRIED:
        monkeypatch.setattr("pipeline.build.BUILD", MODELS)
    build(sides.there)
    differing, empty = compare(sides.here.warehouse, sides.there.warehouse)
    assert (differing, empty) == ({}, {"ops.quarantined_rows", "ops.restatements"})
    if HURRIED:
        vouch(sides.there)
    publish(sides.there)
    assert ask(sides.there) == costs(sides.here) != []


@pytest.mark.skipif(
    HURRIED, reason="66 plans of whole models, two minutes more: `make spark-test` runs them"
)
def test_unit_tests_pass_on_spark(sides: Sides) -> None:
    ran = dbt(sides.there, "test", "--select", "test_type:unit", *SPARK)
    assert len(ran) > 60


def test_an_incremental_build_is_the_same_though_a_worker_is_lost(
    sides: Sides, simulator: Simulator
) -> None:
    """Restated, late and deleted rows; a worker is killed when the first table by slice stands."""
    simulator.control.today += timedelta(days=2)
    sides.take_back()
    sides.gather(simulator)
    live(sides.here)
    dbt(sides.here, *MODELS)
    sides.lend()
    with session() as thrift:
        attach(thrift, Lake(str(sides.lake)))
    cluster = Cluster(sides.there)

    def lose(event: Any) -> None:
        done = event.data.node_info.node_name if event.info.name == "NodeFinished" else None
        if done == "int_campaign_periods":
            cluster.kill_worker("worker0")

    dbt(sides.there, *MODELS, *SPARK, follow=lose)
    with session() as thrift:
        pull(thrift, sides.there)
    assert compare(sides.here.warehouse, sides.there.warehouse) == ({}, set())
    state = cluster.state
    assert state is not None and not alive(state["processes"]["worker0"])


@pytest.mark.skipif(HURRIED, reason="a data test: `make spark-test` runs them")
def test_data_tests_fail_alike(sides: Sides) -> None:
    here, there = (
        dbt(folder, *BROKEN, *target, strict=False)
        for folder, target in ((sides.here, ()), (sides.there, SPARK))
    )
    assert here == there
    assert any(status == "fail" for status, _ in here.values())
