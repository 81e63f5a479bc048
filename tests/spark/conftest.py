"""One cluster and one small warehouse for all tests of Spark; `make spark-test` runs them."""

import os
from collections.abc import Iterator

import pytest

from pipeline.settings import Folder
from pipeline.spark.cluster import Cluster, missing


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Folder]:
    """An empty data folder that the environment points at."""
    if os.environ.get("CAMPAIGNS_SPARK") != "1":
        pytest.skip("Spark's tests start a cluster: `make spark-test` runs them")
    reason = missing()
    if reason:
        pytest.skip(reason)
    with pytest.MonkeyPatch.context() as environment:
        data = tmp_path_factory.mktemp("spark") / "the data"
        environment.setenv("CAMPAIGNS_DATA_DIR", str(data))
        yield Folder().prepare()


@pytest.fixture(scope="session")
def cluster(folder: Folder) -> Iterator[Cluster]:
    """Master, two workers and Thrift server, stopped after the last test."""
    cluster = Cluster(folder, quick=True)
    with cluster.running() as state, pytest.MonkeyPatch.context() as environment:
        environment.setenv("SPARK_THRIFT_HOST", state["host"])
        environment.setenv("SPARK_THRIFT_PORT", str(state["port"]))
        yield cluster
