"""The examples of docs/examples run as they are documented."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.settings import PROJECT, Folder

EXAMPLES = PROJECT / "docs" / "examples"


def run(name: str, data: Path, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name)],
        cwd=PROJECT,
        env=os.environ | {"CAMPAIGNS_DATA_DIR": str(data)} | environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_each_example_is_listed_and_tested_here() -> None:
    listed = (EXAMPLES / "README.md").read_text()
    for file in EXAMPLES.glob("*.py"):
        assert f"python docs/examples/{file.name}" in listed
        assert f'"{file.name}"' in Path(__file__).read_text()


def test_basic_pipeline(tmp_path: Path) -> None:
    told = run("basic_pipeline.py", tmp_path / "data")
    assert "google_ads: " in told and "facebook_ads: " in told and "total: " in told
    assert (tmp_path / "data" / "published" / "CURRENT.json").exists()


def test_insights(demo: Folder) -> None:
    told = run("insights.py", demo.path)
    for part in ("The dearest campaigns", "The dearest anomalies", "What to do", "because of"):
        assert part in told
    assert told.count(", roas ") == 5


def test_file_storage(demo: Folder, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    shutil.copy(demo.warehouse, data)
    shutil.copytree(demo.published, data / "published")
    told = run("file_storage.py", data, PUBLISH__PARQUET__PATH=str(tmp_path / "parquet"))
    assert "google_ads: " in told and "SQLite: " in told
    assert (tmp_path / "parquet" / "CURRENT.json").exists()


@pytest.mark.parametrize("name", ["reporting_api.py"])
def test_reporting_api(demo: Folder, name: str) -> None:
    told = run(name, demo.path)
    assert "asked again: 304" in told and "report.xlsx: " in told
    assert "# Last weeks by platform" in told and "422 'csot' is no metric; did you mean" in told
