"""The ad report of Google Ads, read in three ways."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import requests
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator

from bench.throughput.sides import (
    Job,
    Totals,
    answered,
    collect,
    fetch_all,
    load_dicts,
    sums,
    write,
)
from ingestion.contract import Table
from ingestion.google_ads import STEP, VERSION, GoogleAds, GoogleReader
from ingestion.google_queries import QUERIES
from ingestion.http import Patience
from ingestion.plan import Account
from ingestion.spool import Spool, Spooled
from ingestion.units import Reader

QUERY = QUERIES["ad"]
COST = "cast(cost_micros as decimal(38, 0)) * 0.000001::decimal(7, 6)"
# Decimals of up to 18 digits are what DuckDB reads fastest.
ROW = """STRUCT(
    customer STRUCT(id VARCHAR),
    segments STRUCT("date" DATE),
    campaign STRUCT(id VARCHAR, "name" VARCHAR, status VARCHAR, advertisingChannelType VARCHAR),
    adGroup STRUCT(id VARCHAR, "name" VARCHAR),
    adGroupAd STRUCT(ad STRUCT(id VARCHAR)),
    metrics STRUCT(impressions BIGINT, clicks BIGINT, costMicros BIGINT,
        conversions DECIMAL(18, 9), conversionsValue DECIMAL(18, 9)))"""


class AdReport(GoogleAds):
    """The collector, asking for its ad report only."""

    questions = tuple(question for question in GoogleAds.questions if question.name == "ad")

    def reader(self, account: Account, patience: Patience) -> Reader:
        """Read no entities."""
        return AdReader(self, account.id, account.manager_id, patience)


class AdReader(GoogleReader):
    """Reads the reports of an account."""

    def entities(self, spool: Spool) -> Iterator[tuple[Table, Spooled]]:  # noqa: ARG002
        """Read none, as the other sides."""
        return iter(())


def ours(folder: Path, **content: Any) -> Callable[[], Totals]:
    """What `campaigns collect` does, for one report without the entities."""
    return collect(AdReport(), folder, Job(**content), "clicks", COST)


def download(folder: Path, **content: Any) -> Callable[[], Totals]:
    """Bring the bytes that the collector asks for into files."""
    job = Job(**content)
    headers = headers_of(job)

    def fetch(number: int, account: str, *days: Any) -> None:
        url = f"{job.url}/{VERSION}/customers/{account}/googleAds:searchStream"
        body = {"query": QUERY.text(*days)}
        with requests.post(url, json=body, headers=headers, stream=True) as answer:
            write(answer, folder / f"{number}.json")

    fetch_all(fetch, job.units(STEP))
    return dict


def plain(folder: Path, **content: Any) -> Callable[[], Totals]:
    """Bring the same bytes into files, and read them into a typed table with DuckDB alone."""
    download(folder, **content)
    with duckdb.connect(str(folder / "plain.duckdb")) as database:
        database.execute("set preserve_insertion_order = false")
        database.execute(
            f"""create table ad as
            select r.customer.id as account_id, r.segments.date as date,
                r.campaign.id as campaign_id, r.campaign.name as campaign_name,
                r.campaign.status as campaign_status,
                r.campaign.advertisingChannelType as advertising_channel_type,
                r.adGroup.id as ad_group_id, r.adGroup.name as ad_group_name,
                r.adGroupAd.ad.id as ad_id, r.metrics.impressions, r.metrics.clicks,
                r.metrics.costMicros as cost_micros, r.metrics.conversions,
                r.metrics.conversionsValue as conversions_value
            from (
                select unnest(results) as r
                from read_json(
                    '{folder}/*.json', format = 'array', columns = {{results: '{ROW}[]'}}
                )
            )"""
        )
    return sums(folder / "plain.duckdb", "ad", "clicks", COST)


def dicts(folder: Path, **content: Any) -> Callable[[], Totals]:
    """Page by page through dlt's RESTClient, each row a dict."""
    job = Job(**content)
    client = RESTClient(
        job.url,
        headers=headers_of(job),
        paginator=JSONResponseCursorPaginator("nextPageToken", cursor_body_path="pageToken"),
        data_selector="results",
    )

    def rows() -> Iterator[list[Any]]:
        for account, *days in job.units(STEP):
            path = f"{VERSION}/customers/{account}/googleAds:search"
            yield from client.paginate(path, "POST", json={"query": QUERY.text(*days)})

    load_dicts(folder, rows)
    cost = "cast(metrics__cost_micros as decimal(38, 0)) * 0.000001::decimal(7, 6)"
    return sums(folder / "dicts.duckdb", "raw.ad", "metrics__clicks", cost)


def headers_of(job: Job) -> dict[str, str]:
    """Get an access token, and name the manager."""
    names = ("client_id", "client_secret", "refresh_token")
    form = {name: job.settings[f"SOURCES__GOOGLE_ADS__{name.upper()}"] for name in names}
    form |= {"grant_type": "refresh_token"}
    token = answered(requests.post(f"{job.url}/token", data=form)).json()["access_token"]
    return {
        "Authorization": f"Bearer {token}",
        "login-customer-id": job.settings["SOURCES__GOOGLE_ADS__LOGIN_CUSTOMER_ID"],
    }
