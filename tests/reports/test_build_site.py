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

REPORTS = PROJECT / "reports"


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    """A copy of reports/, in a path with a space, that shares the installed packages."""
    copy = tmp_path / "my reports"
    left = shutil.ignore_patterns("node_modules", ".evidence", "build", "*.duckdb")
    shutil.copytree(REPORTS, copy, ignore=left)
    (copy / "node_modules").symlink_to(REPORTS / "node_modules")
    os.utime(copy / "package-lock.json", (0, 0))
    return copy


@pytest.fixture
def empty(snapshot: Path, tmp_path: Path) -> Path:
    """A snapshot with every table and no row."""
    with duckdb.connect(str(snapshot), read_only=True) as database:
        tables = database.execute(
            "select schema_name, sql from duckdb_tables() where schema_name in ('marts', 'ops')"
        ).fetchall()
    with duckdb.connect(str(tmp_path / "empty.duckdb")) as database:
        for schema, ddl in tables:
            database.execute(f"create schema if not exists {schema}")
            database.execute(ddl)
    return tmp_path / "empty.duckdb"


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


def test_a_broken_query_fails_the_build_and_no_rows_are_explained(
    reports: Path, empty: Path, tmp_path: Path, browse: Browse
) -> None:
    """Two findings from one build, for a build takes more than a minute."""
    page = reports / "pages" / "broken.md"
    page.write_text("```sql wrong\nselect nothing from warehouse.loads\n```\n")
    with pytest.raises(CampaignsError, match=r"query wrong of pages/broken\.md: .*nothing"):
        build_site(empty, tmp_path / "site", lambda _: None, reports)
    assert not (tmp_path / "site").exists()

    # Evidence itself went on and built all pages, here of a warehouse without rows.
    campaigns = ["/campaigns/", "/campaigns/choose/", "/campaigns/none/"]
    decisions = ["/anomalies/", "/insights/", "/changes/", "/budgets/", "/forecast/"]
    pages = ["/", *campaigns, *decisions, "/data/"]
    visits = browse([{"path": page} for page in pages], reports / "build")
    assert [visit["problems"] + visit["outside"] for visit in visits] == [[]] * len(pages)
    text = {visit["path"]: visit["text"] for visit in visits}
    assert all("No day of data has been loaded yet" in page for page in text.values())
    assert "There are no daily figures in this period" in text["/"]
    assert "This snapshot has no such campaign" in text["/campaigns/none/"]
    assert "There is no forecast" in text["/forecast/"]
    assert "No account has been read yet" in text["/data/"]
    assert "There is nothing to compare for this choice" in text["/changes/"]
    assert "No budget holds for a day that was read" in text["/budgets/"]


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
