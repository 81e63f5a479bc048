"""SIGKILL at random moments of collect and of build: a plain rerun is exact, nothing is doubled.

CAMPAIGNS_TEST_KILLS kills more often than the few times that every test run can afford;
CAMPAIGNS_TEST_SEED repeats the moments of a run that failed.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta

import duckdb
import pytest

from pipeline.settings import PROJECT, Folder
from simulator.server import Simulator
from simulator.truth import truth
from simulator.world import ANCHOR
from tests.demo import campaigns
from tests.ingestion.accounts_bench import COLLECTORS, KEYS, Accounts, prepare, running

SINCE = ANCHOR - timedelta(40)
KILLS = int(os.environ.get("CAMPAIGNS_TEST_KILLS", "3"))
SEED = int(os.environ.get("CAMPAIGNS_TEST_SEED", time.time_ns() % 1_000_000))
COUNTS = " union all ".join(
    f"select '{report}' as report, account_id, date, count(*) as rows from {report} group by all"
    for report in KEYS
)
# What the newest receipt of each day told, where the table has another number of rows.
WRONG_RECEIPTS = f"""
with told as (
    select report, account_id, date, arg_max(row_count, read_at) as rows
    from receipts where _dlt_load_id in (select load_id from _dlt_loads where status = 0)
    group by all
)
select * from (select * from told where rows > 0 except all ({COUNTS}))
union all select * from (({COUNTS}) except all select * from told)"""
TWICE = """
select account_id, report, date, read_at from receipts group by all having count(*) > 1"""
UNFINISHED = " union all ".join(
    f"select '{report}', _dlt_load_id from {report} "
    "where _dlt_load_id not in (select load_id from _dlt_loads where status = 0)"
    for report in KEYS
)
MART = """
select platform, account_id, campaign_id, date_day, impressions, clicks,
    cast(cost_local as decimal(38, 6)), cast(conversions as decimal(38, 6)),
    cast(conversion_value_local as decimal(38, 6))
from marts.fct_campaign_daily"""
TRUTH = f"""
select platform, account_id, campaign_id, date, impressions, clicks,
    cast(cost as decimal(38, 6)), cast(conversions as decimal(38, 6)),
    cast(conversion_value as decimal(38, 6))
from everything where date between date '{SINCE}' and date '{ANCHOR}' - 1"""


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with running() as simulator:
        yield simulator


@pytest.fixture
def platforms(
    simulator: Simulator, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> list[Accounts]:
    """Both platforms, forty days of them, into one warehouse."""
    return [prepare(name, simulator, folder, monkeypatch, SINCE) for name in COLLECTORS]


def duration(folder: Folder, *command: str) -> float:
    """Seconds that a clean run takes."""
    start = time.monotonic()
    done = campaigns(folder.path, *command)
    assert done.returncode == 0, done.stderr
    return time.monotonic() - start


def kill(folder: Folder, command: str, seconds: float) -> None:
    """Start a command and kill it, whatever it does then, after so many seconds."""
    environment = os.environ | {"CAMPAIGNS_DATA_DIR": str(folder.path)}
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", command],
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    print(f"seed {SEED}: {command} killed after {seconds:.2f} s: {process.wait()}")


def moments(longest: float) -> list[float]:
    """One random moment in each of as many equal parts of a run's time, in any order."""
    chance = random.Random(SEED)
    chosen = [(number + chance.random()) * longest / KILLS for number in range(KILLS)]
    chance.shuffle(chosen)
    return chosen


def test_a_run_after_kills_is_exact_and_nothing_is_doubled(
    platforms: list[Accounts], folder: Folder
) -> None:
    longest = duration(folder, "collect")
    folder.warehouse.unlink()
    for seconds in moments(longest):
        kill(folder, "collect", seconds)
    duration(folder, "collect")
    for accounts in platforms:
        accounts.assert_truth()
        assert not accounts.rows(WRONG_RECEIPTS)
        assert not accounts.rows(TWICE)
        assert not accounts.rows(UNFINISHED)

    longest = duration(folder, "build")
    for seconds in moments(longest):
        kill(folder, "build", seconds)
    duration(folder, "build")
    with duckdb.connect(str(folder.warehouse), read_only=True) as database:
        database.register("everything", truth(platforms[0].simulator.world, ANCHOR, "campaign"))
        assert database.execute(f"({MART}) except all ({TRUTH})").fetchall() == []
        assert database.execute(f"({TRUTH}) except all ({MART})").fetchall() == []
    duration(folder, "publish")
    assert not list((folder.path / "spool").glob("*/*"))
