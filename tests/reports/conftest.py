"""A built site, the snapshot that it shows, and a browser to open it with."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipeline.publish import snapshot_path
from pipeline.settings import PROJECT, Folder

Rows = Callable[..., list[tuple]]
Browse = Callable[[list[dict[str, Any]], Path], list[dict[str, Any]]]


@pytest.fixture(scope="session")
def built(request: pytest.FixtureRequest) -> tuple[Path, Path]:
    """The site and its snapshot: named by the environment, or the demo's."""
    named = os.environ.get("CAMPAIGNS_TEST_SITE"), os.environ.get("CAMPAIGNS_TEST_SNAPSHOT")
    if all(named):
        return Path(str(named[0])), Path(str(named[1]))
    folder: Folder = request.getfixturevalue("demo")
    return folder.site, snapshot_path(folder)


@pytest.fixture(scope="session")
def site(built: tuple[Path, Path]) -> Path:
    return built[0]


@pytest.fixture(scope="session")
def snapshot(built: tuple[Path, Path]) -> Path:
    return built[1]


@pytest.fixture(scope="session")
def rows(snapshot: Path) -> Rows:
    """Query the snapshot."""

    def query(sql: str, *parameters: object) -> list[tuple]:
        with duckdb.connect(str(snapshot), read_only=True) as database:
            return database.execute(sql, parameters).fetchall()

    return query


@pytest.fixture(scope="session")
def browse(tmp_path_factory: pytest.TempPathFactory) -> Browse:
    """Open pages in headless Chromium; see reports/scripts/browse.mjs for jobs and answers."""

    def visit(jobs: list[dict[str, Any]], site: Path) -> list[dict[str, Any]]:
        file = tmp_path_factory.mktemp("browse") / "jobs.json"
        file.write_text(json.dumps(jobs), encoding="utf-8")
        script = PROJECT / "reports" / "scripts" / "browse.mjs"
        done = subprocess.run(
            ["node", str(script), str(site), str(file)],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return visit
