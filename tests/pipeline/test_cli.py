"""The command line: one clear line a failure, the exit codes of DESIGN.md, nothing harmed."""

import fcntl
import os
from pathlib import Path

import pytest

from pipeline.settings import Folder
from tests.conftest import Bench
from tests.demo import campaigns
from tests.ingestion.test_files import JANUARY, SPEC


def one_line(text: str) -> str:
    errors = [line for line in text.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, text
    assert "Traceback" not in text
    return errors[0]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["collect", "googel_ads"], "'googel_ads' is no platform"),
        (["collect", "none.yml"], "none.yml: no such spec"),
        (["collect"], "nothing to collect"),
        (["collect", "none.yml", "--since", "2026-02-01", "--until", "2026-01-01"], "is after"),
    ],
)
def test_wrong_usage_is_told_and_ends_with_2(
    tmp_path: Path, arguments: list[str], told: str
) -> None:
    done = campaigns(tmp_path / "data", *arguments)
    assert done.returncode == 2
    assert told in one_line(done.stderr)


def test_a_wrong_date_ends_with_2(tmp_path: Path) -> None:
    assert campaigns(tmp_path / "data", "collect", "--since", "yesterday").returncode == 2


@pytest.mark.parametrize("command", ["collect", "build", "publish", "report", "run", "status"])
def test_every_command_has_help_with_an_example(tmp_path: Path, command: str) -> None:
    done = campaigns(tmp_path / "data", command, "--help")
    assert done.returncode == 0
    assert f"Example: campaigns {command}" in done.stdout


def test_a_spec_with_a_typo_ends_with_1_and_loads_nothing(bench: Bench) -> None:
    bench.write("spec.yml", SPEC.replace("Clicks,", "Clicks, csot: Cost,"))
    bench.write("a.csv", JANUARY)
    done = campaigns(bench.folder.path, "collect", str(bench.root / "spec.yml"))
    assert done.returncode == 1
    assert "did you mean 'cost'?" in one_line(done.stderr)
    assert not bench.folder.warehouse.exists()


def test_a_broken_file_beside_a_good_one_ends_with_3(bench: Bench) -> None:
    bench.write("spec.yml", SPEC)
    bench.write("a.csv", JANUARY)
    bench.write("b.csv", "not,the,right,columns\n1,2,3,4\n")
    spec = str(bench.root / "spec.yml")
    done = campaigns(bench.folder.path, "collect", spec)
    assert done.returncode == 3
    assert "b.csv: not loaded: no header found" in done.stderr
    status = campaigns(bench.folder.path, "status")
    assert "not read: shop: b.csv: no header found" in status.stdout
    (bench.root / "a.csv").unlink()
    assert campaigns(bench.folder.path, "collect", spec).returncode == 1
    assert bench.rows("select count(*) from raw_files.performance") == [(2,)]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_data_folder_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    done = campaigns(tmp_path / "data", "collect", "none.yml")
    assert done.returncode == 1
    assert "cannot be written" in one_line(done.stderr)


def test_a_data_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    done = campaigns(tmp_path / "data", "collect", "none.yml")
    assert done.returncode == 1
    assert "cannot be written" in one_line(done.stderr)


def test_a_second_run_at_the_same_time_is_refused(folder: Folder) -> None:
    with (folder.path / ".lock").open("a+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        held.write("campaigns run (process 1, since 00:00:00 UTC)")
        held.flush()
        done = campaigns(folder.path, "build")
    assert done.returncode == 1
    assert "campaigns run (process 1" in one_line(done.stderr)


def test_publishing_or_reporting_on_nothing_is_told(folder: Folder) -> None:
    assert "nothing to publish" in one_line(campaigns(folder.path, "publish").stderr)
    assert "nothing is published yet" in one_line(campaigns(folder.path, "report").stderr)
    assert "no warehouse yet" in campaigns(folder.path, "status").stdout
