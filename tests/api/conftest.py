"""A copy of nothing: the demo's snapshot, served in this process."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from api.definitions import definitions
from api.server import make_app
from pipeline.settings import Folder
from tests.api.reports import BASE


@pytest.fixture(scope="session")
def client(demo: Folder) -> Iterator[TestClient]:
    """A client of the API over the demo's snapshot."""
    with TestClient(make_app(demo, named=definitions()), BASE) as found:
        yield found
