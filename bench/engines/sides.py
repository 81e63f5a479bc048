"""Spark's side: a cluster that lasts as long as the process that measures."""

import atexit
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dbt.contracts.graph.manifest import Manifest

from bench.runner import Totals
from bench.warehouse.sides import MADE, MODELS, TOTALS
from pipeline.build import run_dbt
from pipeline.errors import CampaignsError
from pipeline.settings import Folder
from pipeline.spark.attach import attach
from pipeline.spark.cluster import Cluster
from pipeline.spark.lend import lend
from pipeline.spark.thrift import session

TARGET = ("--target", "spark")
_parsed: dict[str, Manifest] = {}


def prepare(folder: Path, file: str, **_job: Any) -> None:
    """Start the cluster, give it the raw tables and let dbt parse: none of it is measured."""
    os.environ["CAMPAIGNS_DATA_DIR"] = str(folder)
    cluster = Cluster(Folder().prepare())
    atexit.register(cluster.down)
    os.environ["SPARK_THRIFT_PORT"] = str(cluster.up()["port"])
    with session() as thrift:
        attach(thrift, lend(Path(file), folder / "lake"))
    parsed = run_dbt(Folder(), "parse", *TARGET)
    assert isinstance(parsed.result, Manifest)
    _parsed["dbt"] = parsed.result


def spark(_folder: Path, **_job: Any) -> Callable[[], Totals]:
    """Build everything."""
    done = run_dbt(Folder(), *MODELS, *TARGET, manifest=_parsed["dbt"])
    if not done.success:
        raise CampaignsError(f"dbt on Spark failed: {done.exception or done.result}")
    return _totals


def _totals() -> Totals:
    with session() as thrift:
        row = thrift.run(TOTALS.format(MADE).replace("varchar", "string"))[0]
    return dict(zip(("rows", "impressions", "cost", "conversion_value"), row, strict=True))
