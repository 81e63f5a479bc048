"""The site's figures are the API's: pages' own SQL over the site's own sources, beside the engine.

The site reads money as double, so a sum of it may differ in the last bits: figures agree to 12
digits here, and to the cent as they are shown.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import duckdb
import pytest

from api.engine import Reports
from pipeline.publish import snapshot_path
from pipeline.settings import PROJECT, Folder

SITE = PROJECT / "reports"
SUMS = ["clicks", "cost", "conversions", "conversion_value"]
CAMPAIGN = ["platform", "account_id", "campaign_id"]
RANGES = [(date(2026, 9, 1), date(2026, 9, 30)), (date(2026, 11, 20), date(2026, 11, 20))]
PLATFORMS = ["", "google_ads", "facebook_ads"]


@pytest.fixture(scope="module")
def site(demo: Folder) -> Iterator[duckdb.DuckDBPyConnection]:
    """What the pages' SQL sees: a table a source."""
    with duckdb.connect() as database:
        database.execute(f"attach '{snapshot_path(demo)}' as snapshot (read_only)")
        database.execute("create schema warehouse; use snapshot")
        for name in ("platform_daily", "campaigns", "campaign_daily", "anomalies"):
            query = (SITE / f"sources/warehouse/{name}.sql").read_text(encoding="utf-8")
            database.execute(f"create table memory.warehouse.{name} as {query}")
        database.execute("use memory")
        yield database


def shown(
    site: duckdb.DuckDBPyConnection, page: str, name: str, **inputs: Any
) -> list[dict[str, Any]]:
    """Run a query of a page as the browser does, with the reader's choices."""
    text = (SITE / page).read_text(encoding="utf-8")
    queries = dict(re.findall(r"```sql (\w+)\n(.*?)```", text, re.S))

    def whole(query: str) -> str:
        query = re.sub(r"\$\{inputs\.\w+\.(\w+)\}", lambda found: str(inputs[found[1]]), query)
        return re.sub(r"\$\{(\w+)\}", lambda found: f"({whole(queries[found[1]])})", query)

    return site.execute(whole(queries[name])).to_arrow_table().to_pylist()


def asked(demo: Folder, metrics: list[str], by: list[str], platform: str = "", **more: Any) -> Any:
    """The same from the engine, keyed by the dimensions."""
    where = f"platform = '{platform}'" if platform else None
    report = Reports.open(demo.path).query(metrics=metrics, by=by, where=where, **more)
    return report.to_pylist()


def agree(theirs: dict[str, Any], ours: dict[str, Any], metrics: list[str]) -> None:
    """Every figure is the same: null where it is null, and to the last digit that is shown."""
    for name in metrics:
        if ours[name] is None or theirs[name] is None:
            assert ours[name] is theirs[name] is None, name
            continue
        assert theirs[name] == pytest.approx(float(ours[name]), rel=1e-12, abs=0), name
        assert f"{theirs[name]:.2f}" == f"{float(ours[name]):.2f}", name


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize(("start", "end"), RANGES)
def test_overview(
    demo: Folder, site: duckdb.DuckDBPyConnection, start: date, end: date, platform: str
) -> None:
    """Its big figures with their changes, its table by platform, and its lines by day."""
    days = (end - start).days + 1
    chosen = {"start": start, "end": end, "previous_start": start - timedelta(days)}
    chosen["platform"] = platform
    asking = {"since": start, "until": end, "platform": platform}
    ratios = ["cpa", "roas"]

    [totals] = shown(site, "pages/index.md", "totals", **chosen)
    figures = [*SUMS[1:], *ratios]
    [ours] = asked(demo, figures, [], compare="previous_period", **asking)
    agree(totals, ours, figures)
    totals["conversion_value_change"] = totals["value_change"]
    for name in figures:
        change = ours[f"{name}_change"]
        assert totals[f"{name}_change"] == pytest.approx(change, abs=1e-12), name

    names = dict(
        site.execute("select platform_name, platform from snapshot.marts.dim_platform").fetchall()
    )
    theirs = {
        names[one["platform_name"]]: one
        for one in shown(site, "pages/index.md", "by_platform", **chosen)
    }
    mine = asked(demo, [*SUMS, *ratios], ["platform"], **asking)
    assert len(mine) and {one["platform"] for one in mine} == set(theirs)
    for one in mine:
        agree(theirs[one["platform"]], one, [*SUMS, *ratios])

    lines = shown(site, "pages/index.md", "daily", **chosen)
    by_day = {(one["date_day"], names[one["platform_name"]]): one for one in lines}
    mine = asked(demo, ["cost", "conversions", "roas"], ["platform", "day"], **asking)
    assert {(one["date"], one["platform"]) for one in mine} == set(by_day)
    for one in mine:
        agree(by_day[one["date"], one["platform"]], one, ["cost", "conversions", "roas"])


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize(("start", "end"), RANGES)
def test_campaigns(
    demo: Folder, site: duckdb.DuckDBPyConnection, start: date, end: date, platform: str
) -> None:
    """The table of campaigns."""
    metrics = [*SUMS, "impressions", "ctr", "cpa", "roas"]
    rows = shown(
        site, "pages/campaigns/index.md", "campaigns", start=start, end=end, platform=platform
    )
    theirs = {tuple(one[name] for name in CAMPAIGN): one for one in rows}
    mine = asked(demo, metrics, ["campaign"], platform, since=start, until=end)
    assert {tuple(one[name] for name in CAMPAIGN) for one in mine} == set(theirs)
    for one in mine:
        agree(theirs[tuple(one[name] for name in CAMPAIGN)], one, metrics)


@pytest.mark.parametrize(("start", "end"), RANGES)
def test_one_campaign(
    demo: Folder, site: duckdb.DuckDBPyConnection, start: date, end: date
) -> None:
    """The page of each campaign: its totals, and its line by day."""
    metrics = [*SUMS, "impressions", "cpa", "roas"]
    by_day = asked(demo, [*SUMS, "roas"], ["campaign", "day"], since=start, until=end)
    for ours in asked(demo, metrics, ["campaign"], since=start, until=end):
        key = [ours[name] for name in CAMPAIGN]
        found = site.execute(
            "select slug from warehouse.campaigns "
            "where platform = ? and account_id = ? and campaign_id = ?",
            key,
        ).fetchone()
        assert found
        chosen = {"slug": found[0], "start": start, "end": end}
        [totals] = shown(site, "partials/campaign.md", "campaign_totals", **chosen)
        agree(totals, ours, metrics)
        lines = shown(site, "partials/campaign.md", "campaign_days", **chosen)
        mine = [one for one in by_day if [one[name] for name in CAMPAIGN] == key]
        for line, one in zip(lines, sorted(mine, key=lambda row: row["date"]), strict=True):
            assert line["date_day"] == one["date"]
            agree(line, one, [*SUMS, "roas"])
