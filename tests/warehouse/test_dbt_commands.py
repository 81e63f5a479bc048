"""What CI and analysts run beside `dbt build`: --empty, state:modified, freshness, docs."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import yaml

from pipeline.errors import CampaignsError
from pipeline.publish import publish
from pipeline.settings import PROJECT, Folder

DBT = Path(sys.executable).with_name("dbt")


def dbt(data: Path, *arguments: str) -> str:
    """Run dbt with warnings as errors; gives what it printed."""
    strict = ("--warn-error-options", '{"error": "all", "silence": ["MFConverterIssue"]}')
    command = [DBT, *strict, "--no-use-colors", *arguments, "--target-path", data / "target"]
    environment = os.environ | {"CAMPAIGNS_DATA_DIR": str(data), "DBT_LOG_PATH": str(data / "logs")}
    ended = subprocess.run(
        command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    assert not ended.returncode, ended.stdout
    return ended.stdout


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with an empty build of everything."""
    folder = tmp_path_factory.mktemp("empty")
    dbt(folder, "build", "--empty")
    return folder


def test_every_unit_test_passes(data: Path) -> None:
    results = json.loads((data / "target" / "run_results.json").read_text())["results"]
    units = [result["status"] for result in results if "unit_test" in result["unique_id"]]
    assert len(units) > 40
    assert set(units) == {"pass"}


def builds(data: Path) -> list[tuple]:
    """What dbt has put on record."""
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as database:
        return database.execute("select status, is_full from ops.builds").fetchall()


def test_an_empty_build_is_green_and_never_published(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert builds(data) == [("success", False)]
    monkeypatch.setenv("CAMPAIGNS_DATA_DIR", str(data))
    with pytest.raises(CampaignsError, match="only a part"):
        publish(Folder())


def test_looking_leaves_the_last_build_as_it_was(data: Path) -> None:
    assert "PASS freshness of raw_google_ads._dlt_loads" in dbt(data, "source", "freshness")
    dbt(data, "docs", "generate", "--static")
    page = (data / "target" / "static_index.html").read_text()
    assert "fct_campaign_daily" in page and "Cost in the account" in page
    assert builds(data) == [("success", False)]


def test_only_what_was_modified_is_selected(data: Path) -> None:
    before = shutil.copytree(data / "target", data / "before") / "manifest.json"
    manifest = json.loads(before.read_text())
    manifest["nodes"]["model.campaigns.dim_date"]["raw_code"] = "select 1"
    before.write_text(json.dumps(manifest))
    select = ("--select", "state:modified", "--state", str(before.parent))
    listed = dbt(data, "ls", "--quiet", "--resource-type", "model", *select).split()
    assert listed == ["campaigns.marts.core.dim_date"]


def test_the_exposure_names_what_the_pages_read() -> None:
    exposures = yaml.safe_load((PROJECT / "models" / "_exposures.yml").read_text())["exposures"]
    site = next(exposure for exposure in exposures if exposure["name"] == "site")
    named = {re.findall(r"'(\w+)'\)", one)[0] for one in site["depends_on"]}
    sources = (PROJECT / "reports" / "sources" / "warehouse").glob("*.sql")
    read = {
        table
        for path in sources
        for table in re.findall(r"\b(?:from|join) (?:marts|ops)\.(\w+)", path.read_text())
    }
    assert named == read
