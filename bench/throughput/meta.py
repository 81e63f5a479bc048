"""Meta's insights by ad, read in three ways: by pages, and as asynchronous report runs."""

import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import orjson
import requests
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.paginators import JSONLinkPaginator

from bench.throughput.sides import Job, Totals, answered, collect, fetch_all, load_dicts, sums
from ingestion.contract import Table
from ingestion.facebook_ads import ASYNC_FROM, VERSION, FacebookAds, FacebookReader
from ingestion.facebook_pages import LIMIT
from ingestion.facebook_queries import STEP
from ingestion.facebook_rows import fields_of, insights_params
from ingestion.http import Patience
from ingestion.plan import Account, Question
from ingestion.spool import Spool, Spooled
from ingestion.units import Reader

# The collector reads up to a week by pages, and more as a report run.
STEPS = {"pages": ASYNC_FROM - 1, "runs": STEP}
FIELDS = fields_of("ad", with_reach=True)
NUMBERS = dict.fromkeys(("impressions", "clicks", "inline_link_clicks", "reach"), "BIGINT")
LISTS = dict.fromkeys(("actions", "action_values"), "JSON")
TYPES = (
    dict.fromkeys(FIELDS.values(), "VARCHAR")
    | {"spend": "DECIMAL(18, 9)", "date_start": "DATE", "date_stop": "DATE"}
    | NUMBERS
    | LISTS
)
ROW = f"STRUCT({', '.join(f'{name} {kind}' for name, kind in TYPES.items())})"
CLICKS = "inline_link_clicks"


class AdReport(FacebookAds):
    """The collector, asking for insights by ad only, in units of `step` days."""

    def __init__(self, step: int) -> None:
        reports = next(one.reports for one in FacebookAds.questions if one.name == "ad")
        self.questions = (Question("ad", reports, step),)

    def reader(self, account: Account, patience: Patience) -> Reader:
        """Read no entities."""
        return AdReader(self, account, patience)


class AdReader(FacebookReader):
    """Reads the reports of an account."""

    def entities(self, spool: Spool) -> Iterator[tuple[Table, Spooled]]:  # noqa: ARG002
        """Read none, as the other sides."""
        return iter(())


def ours(folder: Path, way: str, **content: Any) -> Callable[[], Totals]:
    """What `campaigns collect` does, for one report without the entities."""
    return collect(AdReport(STEPS[way]), folder, Job(**content), CLICKS, "spend")


def download(folder: Path, way: str, **content: Any) -> Callable[[], Totals]:
    """Bring the bytes that the collector asks for into files, one a unit."""
    job = Job(**content)

    def fetch(number: int, account: str, *days: Any) -> None:
        with requests.Session() as session, (folder / f"{number}.json").open("wb") as file:
            session.headers.update(headers_of(job))
            url, params = ask(job, way, account, *days)
            while url:
                body = answered(session.get(url, params=params)).content
                file.write(body)
                paging = orjson.loads(b"{" + body[body.rfind(b'"paging"') :])["paging"]
                url, params = paging.get("next"), {}

    fetch_all(fetch, job.units(STEPS[way]))
    return dict


def plain(folder: Path, way: str, **content: Any) -> Callable[[], Totals]:
    """Bring the same bytes into files, and read them into a typed table with DuckDB alone."""
    download(folder, way, **content)
    with duckdb.connect(str(folder / "plain.duckdb")) as database:
        database.execute("set preserve_insertion_order = false")
        database.execute(
            f"""create table ad as
            select unnest(r) from (
                select unnest("data") as r
                from read_json('{folder}/*.json', format = 'unstructured',
                    columns = {{"data": '{ROW}[]'}})
            )"""
        )
    return sums(folder / "plain.duckdb", "ad", CLICKS, "spend")


def dicts(folder: Path, way: str, **content: Any) -> Callable[[], Totals]:
    """Page by page through dlt's RESTClient, each row a dict."""
    job = Job(**content)
    client = RESTClient(
        job.url,
        headers=headers_of(job),
        paginator=JSONLinkPaginator("paging.next"),
        data_selector="data",
    )

    def rows() -> Iterator[list[Any]]:
        for account, *days in job.units(STEPS[way]):
            url, params = ask(job, way, account, *days)
            yield from client.paginate(url, params=params)

    load_dicts(folder, rows)
    return sums(folder / "dicts.duckdb", "raw.ad", CLICKS, "spend")


def ask(job: Job, way: str, account: str, first: date, last: date) -> tuple[str, dict[str, str]]:
    """Give the URL and parameters of a unit's first page; a report run is waited for."""
    url = f"{job.url}/{VERSION}/act_{account}/insights"
    params, limit = insights_params("ad", FIELDS, first, last, None), {"limit": str(LIMIT)}
    if way == "pages":
        return url, params | limit
    headers = headers_of(job)
    run = answered(requests.post(url, data=params, headers=headers)).json()["report_run_id"]
    url = f"{job.url}/{VERSION}/{run}"
    while answered(requests.get(url, headers=headers)).json()["async_status"] != "Job Completed":
        time.sleep(0.2)
    return f"{url}/insights", limit


def headers_of(job: Job) -> dict[str, str]:
    """Send the access token."""
    return {"Authorization": f"Bearer {job.settings['SOURCES__FACEBOOK_ADS__ACCESS_TOKEN']}"}
