"""Every grain against the simulator's truth, and every restatement against its differences."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise

import duckdb
import pytest

from simulator.server import Simulator
from simulator.world import World
from tests.demo import campaigns

TODAY = date(2026, 9, 20)
SINCE = date(2026, 8, 1)
READS = (0, 3, 20)
LOOKBACK = {"google_ads": 30, "facebook_ads": 28}
KEYS = {
    "campaign": "campaign_id",
    "ad": "campaign_id, ad_group_id, ad_id",
    "campaign_device": "campaign_id, lower(device) as device",
}
MART = {
    "campaign": "fct_campaign_daily",
    "ad": "fct_ad_daily where ad_id <> '__unattributed__'",
    "campaign_device": "fct_campaign_device_daily where device <> '__unattributed__'",
}
MEASURES = "impressions, clicks, cost, conversions, conversion_value"


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=7, scale="tiny", anchor=TODAY)


@pytest.fixture(scope="module")
def warehouse(
    world: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Read on three days, built once; each read's truth is a table truth_<report>_<days>."""
    data = tmp_path_factory.mktemp("grains")
    with Simulator(today=TODAY, world=world) as simulator:
        settings = simulator.environment | {
            f"SOURCES__{platform.upper()}__START_DATE": str(SINCE) for platform in LOOKBACK
        }
        for days in READS:
            simulator.control.today = TODAY + timedelta(days)
            clock = {"CAMPAIGNS_TODAY": str(simulator.control.today)}
            done = campaigns(data, "collect", **(settings | clock))
            assert done.returncode == 0, done.stderr
    done = campaigns(data, "build")
    assert done.returncode == 0, done.stderr
    with duckdb.connect(str(data / "warehouse.duckdb")) as database:
        for report, keys in KEYS.items():
            for days in READS:
                today = TODAY + timedelta(days)
                database.register("truth", world.truth(today, report))
                database.execute(
                    f"create temp table truth_{report}_{days} as "
                    f"select platform, account_id, {keys}, date as date_day, {MEASURES} "
                    "from truth where date >= ? and date < ?",
                    [SINCE, today],
                )
        yield database


def differing(database: duckdb.DuckDBPyConnection, one: str, other: str) -> list[tuple]:
    """Rows of either query that the other lacks."""
    return database.execute(
        f"(from ({one}) except all from ({other})) union all "
        f"(from ({other}) except all from ({one}))"
    ).fetchall()


@pytest.mark.parametrize("report", KEYS)
def test_every_grain_equals_the_truth(warehouse: duckdb.DuckDBPyConnection, report: str) -> None:
    keys = KEYS[report].replace("lower(device) as device", "device")
    mart = (
        f"select platform, account_id, {keys}, date_day, impressions, clicks, cost_local, "
        f"conversions, conversion_value_local from marts.{MART[report]}"
    )
    assert differing(warehouse, mart, f"from truth_{report}_20") == []


def test_only_what_has_no_ads_is_unattributed(warehouse: duckdb.DuckDBPyConnection) -> None:
    rest = (
        "select platform, account_id, campaign_id, date_day, cost_local from marts.fct_ad_daily "
        "where ad_id = '__unattributed__'"
    )
    beyond = (
        "select c.platform, c.account_id, c.campaign_id, c.date_day, c.cost "
        "from truth_campaign_20 as c anti join truth_ad_20 as a using (platform, account_id, "
        "campaign_id, date_day)"
    )
    assert warehouse.execute(f"select count(*) > 0 from ({beyond})").fetchone() == (True,)
    assert differing(warehouse, rest, beyond) == []


@pytest.mark.parametrize("report", KEYS)
def test_restatements_are_the_differences_of_the_truth(
    warehouse: duckdb.DuckDBPyConnection, report: str
) -> None:
    for before, after in pairwise(READS):
        first = " ".join(
            f"when '{platform}' then date '{TODAY + timedelta(before - days)}'"
            for platform, days in LOOKBACK.items()
        )
        days = (
            "select platform, account_id, date_day, measure, sum(value) as value from "
            "(unpivot (select platform, account_id, date_day, columns([m for m in [{measures}]])"
            "::decimal(38, 9) from truth_{report}_{read}) on {columns} into name measure value "
            "value) where date_day >= case platform {first} end group by all"
        )
        sums = [
            days.format(
                measures=", ".join(f"'{name}'" for name in MEASURES.split(", ")),
                columns=MEASURES,
                report=report,
                read=read,
                first=first,
            )
            for read in (before, after)
        ]
        expected = (
            "select platform, account_id, date_day, measure, coalesce(old.value, 0), "
            f"coalesce(new.value, 0) from ({sums[0]}) as old full join ({sums[1]}) as new "
            "using (platform, account_id, date_day, measure) "
            "where coalesce(old.value, 0) <> coalesce(new.value, 0) "
            f"and date_day < date '{TODAY + timedelta(before)}'"
        )
        told = (
            "select platform, account_id, date_day, measure, before, after from (select *, "
            "dense_rank() over (partition by platform order by read_at) as re_read "
            f"from ops.restatements) where report = '{report}' "
            f"and re_read = {READS.index(after)}"
        )
        assert warehouse.execute(f"select count(*) > 0 from ({told})").fetchone() == (True,)
        assert differing(warehouse, told, expected) == []
