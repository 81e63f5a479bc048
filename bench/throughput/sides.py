"""What the sides of both platforms share."""

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import dlt
import duckdb
import requests

from ingestion.accounts import AccountsPlatform
from ingestion.contract import Window
from ingestion.load import load
from ingestion.plan import split
from pipeline.errors import CampaignsError

PARALLEL = 4
Totals = dict[str, Any]


@dataclass(frozen=True)
class Job:
    """What is to be read: days as ISO texts, inclusive, and the settings of `campaigns`."""

    url: str
    accounts: list[str]
    since: str
    until: str
    settings: dict[str, str]

    def units(self, step: int) -> Iterator[tuple[str, date, date]]:
        """List the accounts, each with its ranges of at most `step` days."""
        for account in self.accounts:
            for days in split(date.fromisoformat(self.since), date.fromisoformat(self.until), step):
                yield account, *days


def collect(
    platform: AccountsPlatform, folder: Path, job: Job, clicks: str, cost: str
) -> Callable[[], Totals]:
    """Run the engine of `campaigns collect`."""
    os.environ.update(job.settings)
    outcome = load(platform, Window(), folder, lambda _: None)
    if outcome.failures:
        raise CampaignsError(str(outcome.failures))
    return sums(folder / "warehouse.duckdb", f"raw_{platform.dataset}.ad", clicks, cost)


def load_dicts(folder: Path, rows: Callable[[], Iterator[list[Any]]]) -> None:
    """Load pages of dicts with dlt, as its tutorials do."""
    pipeline = dlt.pipeline(
        pipeline_name="dicts",
        destination=dlt.destinations.duckdb(str(folder / "dicts.duckdb")),
        dataset_name="raw",
        pipelines_dir=str(folder / "dlt"),
    )
    pipeline.run(dlt.resource(rows, name="ad", write_disposition="append")).raise_on_failed_jobs()


def fetch_all(fetch: Callable[..., None], units: Iterator[tuple[Any, ...]]) -> None:
    """Fetch units side by side."""
    with ThreadPoolExecutor(PARALLEL) as pool:
        list(pool.map(lambda numbered: fetch(numbered[0], *numbered[1]), enumerate(units)))


def answered(answer: requests.Response) -> requests.Response:
    """Give an answer that is good; raises for others."""
    answer.raise_for_status()
    return answer


def write(answer: requests.Response, target: Path) -> None:
    """Stream an answer's body into a file."""
    with target.open("wb") as file:
        for chunk in answered(answer).iter_content(1 << 20):
            file.write(chunk)


def sums(warehouse: Path, table: str, clicks: str, cost: str) -> Callable[[], Totals]:
    """Make what sums a table up: rows, impressions, clicks and cost in the accounts' currencies."""

    def total() -> Totals:
        query = f"""
            select count(*), sum(cast({clicks} as bigint)),
                cast(sum(cast({cost} as decimal(38, 6))) as varchar)
            from {table}"""
        with duckdb.connect(str(warehouse), read_only=True) as database:
            (found,) = database.execute(query).fetchall()
        return json.loads(json.dumps(dict(zip(("rows", "clicks", "cost"), found, strict=True))))

    return total
