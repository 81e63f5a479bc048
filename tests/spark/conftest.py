"""One cluster and one small warehouse for all tests of Spark; `make spark-test` runs them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.spark.cluster import Cluster, missing
from tests.spark.sides import HURRIED, Sides


@pytest.fixture(scope="session")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    """The data folders of both engines, and a cluster that is stopped after the last test."""
    if os.environ.get("CAMPAIGNS_SPARK") != "1":
        pytest.skip("Spark's tests start a cluster: `make spark-test` runs them")
    reason = missing()
    if reason:
        pytest.skip(reason)
    root: Path = tmp_path_factory.mktemp("engines")
    with pytest.MonkeyPatch.context() as environment:
        sides = Sides(root, environment)
        with Cluster(sides.there, quick=HURRIED).running() as state:
            environment.setenv("SPARK_THRIFT_HOST", state["host"])
            environment.setenv("SPARK_THRIFT_PORT", str(state["port"]))
            yield sides
