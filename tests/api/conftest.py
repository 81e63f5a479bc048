"""The reporting engine over the demo, and over a world that is made to be awkward; the server."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from starlette.testclient import TestClient

from api.definitions import definitions
from api.engine import Reports
from api.server import make_app
from pipeline.settings import Folder
from tests.api.reports import BASE
from tests.api.world import publish_world


@pytest.fixture(scope="session")
def client(demo: Folder) -> Iterator[TestClient]:
    """A client of the server over the demo's snapshot."""
    with TestClient(make_app(demo, named=definitions()), BASE) as found:
        yield found


@pytest.fixture(scope="session")
def world(demo: Folder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the awkward world published in it."""
    return publish_world(demo.published, tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="session")
def reports(world: Path) -> Reports:
    """The engine over it."""
    return Reports.open(world)


@pytest.fixture(scope="session")
def by_hand(world: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same snapshot for SQL by hand; MetricFlow knows the database as `warehouse`."""
    file = world / "published" / "warehouse-world.duckdb"
    with duckdb.connect() as database:
        database.execute(f"attach '{file}' as warehouse (read_only)")
        database.execute("use warehouse")
        yield database
