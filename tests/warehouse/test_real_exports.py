"""Eight exports that people really made, against an independent reading with the csv module."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from pipeline.publish import snapshot_path
from pipeline.settings import Folder
from tests.conftest import EXAMPLES
from tests.demo import campaigns

MEASURES = ("impressions", "clicks", "cost", "conversions", "conversion_value")
COLUMNS = {
    "adverity_chart-data.csv": ("Impressions", "Clicks", None, None, None),
    "suchert_campaign_data.csv": (None, "clicks", None, "orders", None),
    "online_advertising_performance_data.csv": (
        *("displays", "clicks", "cost"),
        *("post_click_conversions", "post_click_sales_amount"),
    ),
    "karrot_growth_operations.csv": ("Impressions", "Clicks", "Spend", "Purchase", None),
    "omnify_google_ads.csv": ("Impressions", "Clicks", "Cost ($)", "Leads", "Payment ($)"),
    "omnify_listing_site.csv": (None, "Clicks", "Money Spent ($)", "Leads", "Paid"),
    "Marketing.csv": ("impressions", "clicks", "campaign_cost", "orders", "revenue"),
    "ad_table.csv": ("shown", "clicked", "cost", "converted", "total_revenue"),
}
MART = {"omnify_google_ads.csv": "agg_campaign_weekly"}
ACCOUNT = {
    "adverity_chart-data.csv": "account_id = 'adverity'",
    "suchert_campaign_data.csv": "account_id = 'suchert'",
    "online_advertising_performance_data.csv": "platform = 'online_advertising'",
    "karrot_growth_operations.csv": "account_id = 'karrot'",
    "omnify_google_ads.csv": "account_id = 'omnify' and platform = 'google_ads'",
    "omnify_listing_site.csv": "account_id = 'omnify' and platform <> 'google_ads'",
    "Marketing.csv": "account_id = 'marketing'",
    "ad_table.csv": "platform = 'ad_table'",
}


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory, real_exports: Path) -> Iterator[Folder]:
    data = tmp_path_factory.mktemp("real data")
    specs = sorted(str(path) for path in EXAMPLES.glob("*.yml"))
    root = {"SOURCES__FILES__ROOT": str(real_exports)}
    done = campaigns(data, "run", "--no-site", *specs, **root)
    assert done.returncode == 0, done.stderr
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CAMPAIGNS_DATA_DIR", str(data))
        yield Folder()


def read_independently(path: Path) -> dict[str, Decimal | None]:
    """Add up an export with nothing but the csv module; None where it lacks a measure."""
    totals: dict[str, Decimal] = defaultdict(Decimal)
    names = dict(zip(MEASURES, COLUMNS[path.name], strict=True))
    with path.open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.DictReader(stream):
            if path.name == "ad_table.csv":
                row["cost"] = str(Decimal(row["clicked"]) * Decimal(row["avg_cost_per_click"]))
            for measure, name in names.items():
                if name is not None:
                    text = row[name].replace("$", "").replace(",", "").strip()
                    totals[measure] += Decimal(text or 0)
    return {measure: totals[measure] if names[measure] else None for measure in MEASURES}


@pytest.mark.parametrize("name", COLUMNS)
def test_totals_to_the_cent_and_to_the_click(real: Folder, real_exports: Path, name: str) -> None:
    truth = read_independently(real_exports / name)
    mart = MART.get(name, "fct_campaign_daily")
    sums = ", ".join(f"cast(sum({measure}) as varchar)" for measure in MEASURES)
    with duckdb.connect(str(snapshot_path(real)), read_only=True) as database:
        row = database.execute(f"select {sums} from marts.{mart} where {ACCOUNT[name]}").fetchone()
    assert row is not None
    found = [None if value is None else Decimal(value) for value in row]
    assert found == [truth[measure] for measure in MEASURES]


def test_a_weekly_export_is_not_spread_over_days(real: Folder) -> None:
    with duckdb.connect(str(snapshot_path(real)), read_only=True) as database:
        daily = database.execute(
            "select count(*) from marts.fct_campaign_daily "
            "where account_id = 'omnify' and platform = 'google_ads'"
        ).fetchone()
        told = database.execute(
            "select distinct grain, status, detail from ops.fct_coverage "
            "where account_id = 'omnify' and platform = 'google_ads'"
        ).fetchall()
    assert daily == (0,)
    assert told == [("week", "loaded", "weekly export: no daily figures")]


def test_loading_all_of_it_again_changes_nothing(real: Folder, real_exports: Path) -> None:
    query = (
        "select count(*), sum(hash(source, origin, line, platform, account_id, date, "
        "impressions, clicks, cost, conversions, conversion_value)) from raw_files.performance"
    )
    with duckdb.connect(str(real.warehouse), read_only=True) as database:
        before = database.execute(query).fetchall()
    specs = sorted(str(path) for path in EXAMPLES.glob("*.yml"))
    root = {"SOURCES__FILES__ROOT": str(real_exports)}
    assert campaigns(real.path, "collect", "--full-refresh", *specs, **root).returncode == 0
    with duckdb.connect(str(real.warehouse), read_only=True) as database:
        assert database.execute(query).fetchall() == before
