"""Shared fixtures: a data folder of its own for every test, and the real exports where they are."""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

os.environ.pop("CAMPAIGNS_DATA_DIR", None)

from ingestion.contract import Window
from ingestion.files import FilePlatform
from ingestion.load import Outcome, load
from ingestion.spec import load_spec
from pipeline.settings import PROJECT, Folder
from tests.demo import demo_run

# What takes longest begins first, so that no worker waits at the end; those next to each other do
# not want the same demo.
FIRST = ("test_kills", "test_demo_marts", "test_incremental", "test_site", "test_real_exports")
EXPORTS = PROJECT.parent / "shared" / "data" / "real_exports"
EXAMPLES = PROJECT / "ingestion" / "specs" / "examples"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """An empty data folder, with a space in its path, that the environment points at."""
    monkeypatch.setenv("CAMPAIGNS_DATA_DIR", str(tmp_path / "the data"))
    return Folder().prepare()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files named in FIRST first."""
    rank = {name: place for place, name in enumerate(FIRST)}
    items.sort(key=lambda item: rank.get(item.path.stem, len(FIRST)))


class Bench:
    """A spec, its exports and the warehouse they are loaded into."""

    def __init__(self, folder: Folder, root: Path) -> None:
        self.folder = folder
        self.root = root
        self.said: list[str] = []

    def write(self, name: str, content: str | bytes, encoding: str = "utf-8") -> None:
        """Write a file beside the spec."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))

    def collect(self, spec: str = "spec.yml", window: Window | None = None) -> Outcome:
        """Load the spec's files; what the collector said is kept in `said`."""
        platform = FilePlatform(load_spec(self.root / spec), self.root)
        self.said = []
        return load(platform, window or Window(), self.folder.path, self.said.append)

    def rows(self, query: str) -> list[tuple]:
        """Query the warehouse."""
        with duckdb.connect(str(self.folder.warehouse), read_only=True) as database:
            return database.execute(query).fetchall()


@pytest.fixture
def bench(folder: Folder, tmp_path: Path) -> Bench:
    """A place to write a spec and its exports, and to load them."""
    root = tmp_path / "my exports"
    root.mkdir()
    return Bench(folder, root)


@pytest.fixture(scope="session")
def real_exports() -> Path:
    """The folder of real exports; they are not part of the repository."""
    if not EXPORTS.is_dir():
        pytest.skip("the real exports are not here (they are never committed)")
    return EXPORTS


@pytest.fixture(scope="session")
def session_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this test run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def demo(session_root: Path) -> Iterator[Folder]:
    """The demo accounts, collected, built, published and reported on: once for all workers."""
    data = session_root / "the demo"
    with (session_root / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not data.is_dir():
            done = demo_run(data)
            assert done.returncode == 0, done.stderr
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CAMPAIGNS_DATA_DIR", str(data))
        yield Folder()
