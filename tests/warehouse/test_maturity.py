"""The conversion curve, learned from eighty days of reads, against what conversions came to."""

from collections.abc import Iterator
from datetime import date, timedelta

import duckdb
import pytest

from pipeline.settings import Folder
from simulator.world import World
from tests.parsed import dbt

ANCHOR = date(2026, 9, 20)
TODAY = ANCHOR + timedelta(36)
FIRST_READ = TODAY - timedelta(80)
SETTLED = TODAY + timedelta(45)
# Each read takes in the lookback, as the collectors do.
RECEIPTS = """
insert into raw_{platform}.receipts by name
select platform as source, platform, account_id, 'campaign' as report, 'day' as grain, '' as part,
    'campaign' as origin, date, 'loaded' as status, count(*) as row_count,
    sum(conversions) as conversions, $today::timestamp at time zone 'UTC' as read_at,
    'load' as _dlt_load_id
from truth where platform = '{platform}' and date between $today - 35 and $today - 1 group by all"""
PLATFORMS = ("facebook_ads", "google_ads")


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Marts on the last day of reading, with what days came to in the table `settled`."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CAMPAIGNS_DATA_DIR", str(tmp_path_factory.mktemp("maturity")))
        folder = Folder().prepare()
        fill(folder)
        dbt(folder, "run", "--select", "+fct_conversion_maturity")
    with duckdb.connect(str(folder.warehouse), read_only=True) as database:
        yield database


def fill(folder: Folder) -> None:
    """Read conversions every other day, and once more when all of them have come."""
    world = World(seed=7, scale="tiny", anchor=ANCHOR)
    dbt(folder, "seed")
    with duckdb.connect(str(folder.warehouse)) as database:
        for days in range(0, 81, 2):
            today = FIRST_READ + timedelta(days)
            database.register("truth", world.truth(today, "campaign"))
            for platform in PLATFORMS:
                database.execute(RECEIPTS.format(platform=platform), {"today": today})
        for platform in PLATFORMS:
            database.execute(
                f"insert into raw_{platform}._dlt_loads by name "
                "select 'load' as load_id, 0 as status"
            )
            database.execute(
                f"insert into raw_{platform}.campaign by name "
                "select account_id, date, campaign_id, conversions, 'load' as _dlt_load_id "
                "from truth "
                f"where platform = '{platform}' and date between ? and ?",
                [FIRST_READ, TODAY - timedelta(1)],
            )
        database.register("truth", world.truth(SETTLED, "campaign"))
        database.execute(
            "create table settled as select platform, account_id, date as date_day, "
            "sum(conversions) as conversions from truth group by all"
        )
    world.close()


def test_bands_cover_what_conversions_come_to(learned: duckdb.DuckDBPyConnection) -> None:
    """Nine of ten days are promised; days that have settled are not counted."""
    rows = learned.execute(
        "select m.platform, count(*), avg((s.conversions between lower and upper)::int), "
        "sum(m.conversions) / sum(s.conversions), sum(expected_conversions) / sum(s.conversions), "
        "avg((learned_from = 'account')::int) "
        "from marts.fct_conversion_maturity as m "
        "join settled as s using (platform, account_id, date_day) "
        "where not is_mature group by all order by all"
    ).fetchall()
    print(rows)
    assert tuple(platform for platform, *_ in rows) == PLATFORMS
    for _, days, covered, told, expected, by_account in rows:
        assert by_account > 0.5
        assert days > 100
        assert covered > 0.85
        assert abs(expected - 1) < abs(told - 1) / 2


def test_settled_days_are_what_they_are(learned: duckdb.DuckDBPyConnection) -> None:
    rows = learned.execute(
        "select count(*), bool_and(share_reported = 1 and lower = conversions and "
        "upper = conversions and expected_conversions = conversions) "
        "from marts.fct_conversion_maturity where is_mature"
    ).fetchone()
    assert rows is not None and rows[0] > 100 and rows[1]
