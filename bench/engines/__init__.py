"""The same build on DuckDB and on a Spark cluster of this machine, with the memory of both.

The raw tables are those of the question `warehouse`, of one year; Spark reads them from Parquet
files. Starting Spark, dbt's start and parsing are not measured, and it is asked by name only:
`make spark-setup`, then `python -m bench engines`.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.runner import Comparison, Side, Totals, run
from bench.warehouse.accounts import ACCOUNTS, CAMPAIGNS
from pipeline.console import say
from pipeline.errors import CampaignsError
from pipeline.spark.cluster import missing

DAYS = 365


def compare(rows: int, repeats: int) -> Iterator[Comparison]:
    """Measure a build of about so many ad-days with both engines."""
    if reason := missing():
        raise CampaignsError(reason)
    ads = max(1, round(rows / ACCOUNTS / CAMPAIGNS / DAYS))
    with TemporaryDirectory(prefix="bench-") as folder:
        file = str(Path(folder) / "made.duckdb")
        say(f"making {DAYS} days of {ACCOUNTS * CAMPAIGNS * ads:,} ads, and their marts")
        made = run(Side("make", "bench.warehouse.sides:make", _job(file, days=DAYS, ads=ads), {}))
        totals: Totals = made.totals
        comparison = Comparison(
            f"The marts of {totals['rows']:,} ad-days",
            [
                Side("DuckDB", "bench.warehouse.sides:anew", _job(file), totals),
                Side("Spark, two workers", "bench.engines.sides:spark", _job(file), totals),
            ],
        )
        comparison.run(repeats)
        yield comparison


def _job(file: str, **more: int) -> dict[str, str | int]:
    return {"file": file} | more
