"""Shared fixtures: a data folder of its own for every test, and the real exports where they are."""

import os
from collections.abc import Callable, Iterator
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

EXPORTS = PROJECT.parent / "shared" / "data" / "real_exports"
EXAMPLES = PROJECT / "ingestion" / "specs" / "examples"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """An empty data folder, with a space in its path, that the environment points at."""
    monkeypatch.setenv("CAMPAIGNS_DATA_DIR", str(tmp_path / "the data"))
    return Folder().prepare()


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
def session_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Folder]]:
    """Make data folders that live for the whole session, by name."""
    before = os.environ.get("CAMPAIGNS_DATA_DIR")

    def make(name: str) -> Folder:
        os.environ["CAMPAIGNS_DATA_DIR"] = str(tmp_path_factory.mktemp(name))
        return Folder().prepare()

    yield make
    if before is None:
        os.environ.pop("CAMPAIGNS_DATA_DIR", None)
    else:
        os.environ["CAMPAIGNS_DATA_DIR"] = before


@pytest.fixture(scope="session")
def demo(session_folder: Callable[[str], Folder]) -> Folder:
    """The demo accounts, collected, built, published and reported on, once for all tests.

    Tests that use it belong to the xdist group "demo", so that one worker makes it.
    """
    folder = session_folder("demo")
    demo_run(folder.path)
    return folder
