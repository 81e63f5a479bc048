"""The lake holds what the warehouse holds: slices are replaced, vanished rows vanish."""

from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from ingestion.contract import Window
from ingestion.lake import LOADS, Lake
from pipeline.collect import collect, collectors
from pipeline.settings import Folder
from simulator.demo import settings
from simulator.server import Simulator
from tests.conftest import Bench

SETTING = "DESTINATION__FILESYSTEM__BUCKET_URL"
# What differs between two runs that read the same.
RUN = ("_dlt_load_id", "_deleted", "read_at")
SPEC = """
name: shop
files: "*.csv"
constants: {platform: shop_ads, account_id: a, currency: EUR}
columns: {date: Day, campaign_name: Campaign, clicks: Clicks}
"""


@pytest.fixture
def lake(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """A lake that the settings name, below a folder with a space."""
    monkeypatch.setenv(SETTING, str(folder.path / "the lake"))
    found = Lake.configured()
    assert found is not None
    return found


def gather(folder: Folder) -> None:
    outcomes = collect(collectors(["google_ads"]), Window(), folder)
    assert not any(outcome.failures for outcome in outcomes)


def test_two_reads_leave_the_rows_that_the_warehouse_has(
    folder: Folder, lake: Lake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with Simulator(scale="tiny") as simulator:
        for _ in range(2):
            for name, value in settings(simulator).items():
                monkeypatch.setenv(name, value)
            monkeypatch.setenv("CAMPAIGNS_DATA_DIR", str(folder.path))
            monkeypatch.setenv(SETTING, lake.url)
            gather(folder.prepare())
            monkeypatch.setenv("CAMPAIGNS_DATA_DIR", str(tmp_path / "warehouse"))
            monkeypatch.delenv(SETTING)
            gather(Folder().prepare())
            simulator.control.today += timedelta(days=2)
    assert not folder.warehouse.exists()
    compared = 0
    with duckdb.connect(str(Folder().warehouse), read_only=True) as database:
        for dataset, tables in lake.tables().items():
            for table in tables - {LOADS}:
                source = f"{dataset}.{table}"
                described = database.execute(f"describe from {source}").fetchall()
                columns = ", ".join(f'"{row[0]}"' for row in described if row[0] not in RUN)
                sql = f"select {columns} from {{}} order by all"
                here = database.execute(sql.format(source)).fetchall()
                there = lake.rows(dataset, sql.format(f"{{{table}}}"), (table,), [])
                assert here == there, source
                compared += len(here)
    assert compared > 7_000


def test_what_vanishes_from_an_export_vanishes_from_the_lake(bench: Bench, lake: Lake) -> None:
    counted = "select campaign_name, date::varchar, clicks from {performance} order by all"
    bench.write("spec.yml", SPEC)
    bench.write("a.csv", "Day,Campaign,Clicks\n2026-05-01,A,1\n2026-05-01,B,2\n2026-05-02,A,3\n")
    bench.collect()
    bench.write("a.csv", "Day,Campaign,Clicks\n2026-05-01,A,9\n2026-05-03,A,5\n")
    bench.collect()
    rows = lake.rows("raw_files", counted, ("performance",), [])
    assert rows == [("A", "2026-05-01", 9), ("A", "2026-05-03", 5)]


def test_an_unfinished_load_does_not_count(bench: Bench, lake: Lake) -> None:
    bench.write("spec.yml", SPEC)
    bench.write("a.csv", "Day,Campaign,Clicks\n2026-05-01,A,1\n")
    bench.collect()
    bench.write("a.csv", "Day,Campaign,Clicks\n2026-05-01,A,9\n")
    bench.collect()
    last = max(Path(lake.url).glob(f"raw_files/{LOADS}/*.jsonl"))
    last.unlink()
    rows = lake.rows("raw_files", "select clicks from {performance}", ("performance",), [])
    assert rows == [(1,)]
    assert [one.rows for one in [bench.collect()]] == [1]
