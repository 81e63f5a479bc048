"""Building the site: whole or not at all, with a readable reason."""

import json
import os
import re
import shutil
from pathlib import Path

import duckdb
import pytest

from pipeline.errors import CampaignsError
from pipeline.settings import PROJECT
from pipeline.site import build_site
from tests.reports.conftest import Browse

pytestmark = pytest.mark.xdist_group("demo")

REPORTS = PROJECT / "reports"


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    """A copy of reports/, in a path with a space, that shares the installed packages."""
    if not (REPORTS / "node_modules").is_dir():
        pytest.skip("the site's packages are not installed: make setup")
    copy = tmp_path / "my reports"
    left = shutil.ignore_patterns("node_modules", ".evidence", "build", "*.duckdb")
    shutil.copytree(REPORTS, copy, ignore=left)
    (copy / "node_modules").symlink_to(REPORTS / "node_modules")
    os.utime(copy / "package-lock.json", (0, 0))
    return copy


@pytest.fixture
def empty(tmp_path: Path, models: list[tuple[str, str]]) -> Path:
    """A snapshot with every table and no row."""
    file = tmp_path / "empty.duckdb"
    with duckdb.connect(str(file)) as database:
        for schema, ddl in models:
            database.execute(f"create schema if not exists {schema}")
            database.execute(ddl)
    return file


@pytest.fixture(scope="module")
def models(snapshot: Path) -> list[tuple[str, str]]:
    """Schema and DDL of each table of a snapshot."""
    with duckdb.connect(str(snapshot), read_only=True) as database:
        return database.execute(
            "select schema_name, sql from duckdb_tables() where schema_name in ('marts', 'ops')"
        ).fetchall()


def test_a_broken_source_fails_the_build_and_the_old_site_stays(
    reports: Path, empty: Path, tmp_path: Path
) -> None:
    out = tmp_path / "data" / "site"
    out.mkdir(parents=True)
    (out / "index.html").write_text("the site before")
    (reports / "sources" / "warehouse" / "loads.sql").write_text("select nothing from ops.loads")
    with pytest.raises(CampaignsError, match=r"sources/warehouse/loads\.sql: .*nothing") as caught:
        build_site(empty, out, lambda _: None, reports)
    assert "\n" not in str(caught.value)
    assert (out / "index.html").read_text() == "the site before"
    assert "loads" in (out.parent / "logs" / "site.log").read_text()


def test_a_broken_query_fails_the_build(reports: Path, empty: Path, tmp_path: Path) -> None:
    page = reports / "pages" / "data.md"
    page.write_text(
        page.read_text() + "\n```sql wrong\nselect nothing from warehouse.loads\n```\n"
        "<DataTable data={wrong}/>\n"
    )
    with pytest.raises(CampaignsError, match=r"query wrong of pages/data\.md: .*nothing"):
        build_site(empty, tmp_path / "site", lambda _: None, reports)
    assert not (tmp_path / "site").exists()


def test_a_warehouse_without_rows_is_explained(
    reports: Path, empty: Path, tmp_path: Path, browse: Browse
) -> None:
    build_site(empty, tmp_path / "site", lambda _: None, reports)
    pages = ["/", "/campaigns/", "/campaigns/choose/", "/anomalies/", "/data/"]
    visits = browse([{"path": page} for page in pages], tmp_path / "site")
    assert [visit["problems"] + visit["outside"] for visit in visits] == [[]] * len(pages)
    assert all("No day of data has been loaded yet" in visit["text"] for visit in visits)
    assert "There are no daily figures in this period" in visits[0]["text"]
    assert "No account has been read yet" in visits[4]["text"]


def test_a_missing_node_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CampaignsError, match="install Node 20 or newer"):
        build_site(tmp_path / "any.duckdb", tmp_path / "site", lambda _: None)


def test_the_lock_holds_no_address_and_names_every_optional_package() -> None:
    text = (REPORTS / "package-lock.json").read_text()
    assert not re.search(r"https?://|\"resolved\"", text)
    packages = json.loads(text)["packages"]
    here = {key.rpartition("node_modules/")[2] for key in packages}
    wanted = [entry.get("optionalDependencies", {}) for entry in packages.values()]
    assert {name for names in wanted for name in names} - here == set()
