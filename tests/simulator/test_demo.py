"""The demo is the `campaigns` command with accounts of its own: it ends as the command ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from pipeline.settings import PROJECT
from simulator.demo import PLATFORMS, settings
from simulator.server import Simulator
from tests.demo import run

DEMO = "simulator.demo"


def test_it_is_the_same_everywhere_and_needs_no_credentials() -> None:
    with Simulator() as one, Simulator() as other:
        differ = {
            name for name, value in settings(one).items() if settings(other).get(name) != value
        }
        assert one.world.campaigns == other.world.campaigns
    assert all(name.endswith("_URL") for name in differ)
    starts = {settings(one)[f"SOURCES__{name.upper()}__START_DATE"] for name in PLATFORMS}
    assert starts == {str(one.world.first_day)}


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["collect", "google_ads", "--since", "2026-11-20"], 0, "4 accounts"),
        (["collect", "googel_ads"], 2, "is no platform"),
        (["publish"], 1, "nothing to publish"),
    ],
)
def test_it_ends_as_the_command_ends(
    tmp_path: Path, arguments: list[str], code: int, told: str
) -> None:
    done = run(tmp_path, DEMO, *arguments)
    assert done.returncode == code, done.stderr
    assert told in done.stderr


def test_it_reads_four_accounts_a_platform(tmp_path: Path) -> None:
    done = run(tmp_path, DEMO, "collect", *PLATFORMS, "--since", "2026-11-20")
    assert done.returncode == 0, done.stderr
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as database:
        rows = database.execute(
            "select currency, count(*) from (from raw_google_ads.accounts "
            "union all by name from raw_facebook_ads.accounts) group by all order by all"
        ).fetchall()
        days = database.execute(
            "select min(date), max(date) from raw_google_ads.campaign"
        ).fetchall()
    assert rows == [("EUR", 2), ("JPY", 2), ("SEK", 2), ("USD", 2)]
    assert [str(day) for day in days[0]] == ["2026-11-20", "2026-11-21"]


def test_it_stops_at_once_when_it_is_interrupted(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", DEMO, "collect", *PLATFORMS],
        cwd=PROJECT,
        env=os.environ | {"CAMPAIGNS_DATA_DIR": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
        # A job in the background of a script ignores it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "4 accounts" in line:
                break
        process.send_signal(signal.SIGINT)
        try:
            _, told = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 1
    assert told.splitlines()[-1] == "error: stopped; run the same command again to go on"
