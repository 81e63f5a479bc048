"""The same build on DuckDB and on a Spark cluster of this machine, with the memory of both.

The raw tables are those of the question `warehouse`, of one year; Spark reads them from Parquet
files. Starting Spark, dbt's start and parsing are not measured. Both must come to the same rows,
impressions, cost and value. Spark's side wants `make spark-setup`.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.runner import Comparison, Side, run
from bench.warehouse.accounts import ACCOUNTS, CAMPAIGNS
from pipeline.console import say
from pipeline.spark.cluster import missing

DAYS = 365
# Beyond this a run takes two workers of one machine a quarter of an hour and more.
SPARK_ROWS = 20_000_000


def compare(rows: int, repeats: int) -> Iterator[Comparison]:
    """Measure a build of about so many ad-days with both engines."""
    ads = max(1, round(rows / ACCOUNTS / CAMPAIGNS / DAYS))
    count = ACCOUNTS * CAMPAIGNS * DAYS * ads
    with TemporaryDirectory(prefix="bench-") as folder:
        file = str(Path(folder) / "made.duckdb")
        say(f"making {count:,} ad-days")
        run(Side("make", "bench.warehouse.sides:make_raw", _job(file, days=DAYS, ads=ads), {}))
        sides = [Side("DuckDB", "bench.warehouse.sides:anew", _job(file), {})]
        if why := _why_not(count):
            say(f"Spark is left out: {why}")
        else:
            sides.append(Side("Spark, two workers", "bench.engines.sides:spark", _job(file), {}))
        comparison = Comparison(f"The marts of {count:,} ad-days", sides)
        comparison.run(repeats)
        yield comparison


def _why_not(count: int) -> str | None:
    return missing() or (f"more than {SPARK_ROWS:,} ad-days" if count > SPARK_ROWS else None)


def _job(file: str, **more: int) -> dict[str, str | int]:
    return {"file": file} | more
