"""The demo's marts against what really happened in the simulated accounts."""

from collections.abc import Iterator

import duckdb
import pytest

from pipeline.publish import snapshot_path
from pipeline.settings import Folder
from simulator.demo import PLATFORMS
from simulator.truth import incidents
from simulator.world import ANCHOR, World
from tests.demo import campaigns, demo_run

KEYS = ("platform", "account_id", "campaign_id")
# What shows an incident, and on which of its days it must show.
EACH_DAY, FIRST_DAY, LAST_DAY = "true", "date_day = first_day", "date_day = last_day"
SIGNS = {
    "spend_spike": ("cost", "spike", EACH_DAY),
    "tracking_outage": ("conversions", "drop", EACH_DAY),
    "delivery_stop": ("impressions", "drop", EACH_DAY),
    "cpm_jump": ("impressions", "drop", EACH_DAY),
    "budget_overspend": ("cost", "spike", FIRST_DAY),
    "flat_conversions": ("conversions", "flatline", LAST_DAY),
}
# Two or three conversions a day repeat themselves without any fault.
TOO_FEW_TO_SEE = {("flat_conversions", "facebook_ads")}
CAUSES = {
    "spend_spike": "overspend",
    "tracking_outage": "tracking_outage",
    "delivery_stop": "delivery_stop",
    "cpm_jump": "price_jump",
    "budget_overspend": "overspend",
    "flat_conversions": "frozen_figures",
}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    world = World()
    yield world
    world.close()


@pytest.fixture
def snapshot(demo: Folder, world: World) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published marts, with the truth beside them in tables of the session."""
    truth = {
        "truth": world.truth(ANCHOR, "campaign"),
        "campaigns": world.truth(ANCHOR, "campaigns"),
        "incidents": incidents(world),
    }
    with duckdb.connect(str(snapshot_path(demo)), read_only=True) as database:
        for name, rows in truth.items():
            database.register("given", rows)
            database.execute(f"create temp table {name} as from given")
        yield database


def test_every_campaign_day_is_the_truth(snapshot: duckdb.DuckDBPyConnection) -> None:
    simulated = f"platform in {PLATFORMS}"
    keys = "platform, account_id, campaign_id, currency, impressions, clicks, conversions"
    found = (
        f"select {keys}, date_day, cost_local, conversion_value_local "
        f"from marts.fct_campaign_daily where {simulated}"
    )
    known = f"select {keys}, date, cost, conversion_value from truth where date < date '{ANCHOR}'"
    assert snapshot.execute(f"{found} except all {known}").fetchall() == []
    assert snapshot.execute(f"{known} except all {found}").fetchall() == []
    named = "select platform, account_id, {0}, {1} from {2} where " + simulated
    differ = snapshot.execute(
        f"{named.format('campaign_id', 'campaign_name', 'marts.dim_campaign')} except all "
        f"{named.format('id', 'name', 'campaigns')}"
    )
    assert differ.fetchall() == []


def test_every_day_has_an_exchange_rate(snapshot: duckdb.DuckDBPyConnection) -> None:
    rows = snapshot.execute(
        "select currency, count(*), count(cost) from marts.fct_campaign_daily "
        "group by all order by all"
    ).fetchall()
    assert [currency for currency, *_ in rows] == ["EUR", "JPY", "SEK", "USD"]
    assert all(days == converted for _, days, converted in rows)


def test_every_account_day_was_read(snapshot: duckdb.DuckDBPyConnection, world: World) -> None:
    rows = snapshot.execute(
        "select report, status, count(*), min(date_day) from ops.fct_coverage "
        f"where platform in {PLATFORMS} group by all"
    ).fetchall()
    assert len({report for report, *_ in rows}) >= 4
    days = (ANCHOR - world.first_day).days
    assert {row[1:] for row in rows} == {("loaded", 8 * days, world.first_day)}


def test_held_back_rows_are_exactly_the_broken_ones(snapshot: duckdb.DuckDBPyConnection) -> None:
    found = snapshot.execute(
        "select origin, line, reason from ops.quarantined_rows order by line"
    ).fetchall()
    assert found == [("pins.csv", 3, "unreadable_number"), ("pins.csv", 4, "unreadable_date")]


def test_every_incident_is_flagged_on_its_campaign(snapshot: duckdb.DuckDBPyConnection) -> None:
    missed = set()
    for kind, (metric, sign, days) in SIGNS.items():
        rows = snapshot.execute(
            f"""
            with days as (
                select *, unnest(generate_series(first_day, last_day, interval 1 day))::date
                    as date_day
                from incidents where kind = ?
            )
            select platform, campaign_id, date_day, count(found.metric)
            from days left join (
                select * exclude (metric), metric from marts.fct_campaign_anomalies
                where metric = ? and anomaly_kind = ?
            ) as found using (platform, account_id, campaign_id, date_day)
            where {days} group by all
            """,
            [kind, metric, sign],
        ).fetchall()
        assert rows, kind
        missed |= {(kind, platform) for platform, _, _, flags in rows if not flags}
    assert missed <= TOO_FEW_TO_SEE


def test_what_happened_to_a_campaign_is_told_once(snapshot: duckdb.DuckDBPyConnection) -> None:
    """One incident, about the campaign, with the cause that was planted."""
    told = snapshot.execute("""
        select i.kind, i.platform, list(found.cause)
        from (from incidents where campaign_id is not null) as i
        left join marts.fct_anomaly_incidents as found
            on i.platform = found.platform and i.account_id = found.account_id
            and i.campaign_id = found.campaign_id
            and found.first_day <= i.last_day and found.last_day >= i.first_day
        group by i.kind, i.platform, i.campaign_id, i.first_day
    """).fetchall()
    assert len(told) > 10
    for kind, platform, causes in told:
        if (kind, platform) not in TOO_FEW_TO_SEE:
            assert causes == [CAUSES[kind]], (kind, platform)


def test_calm_days_are_left_alone(snapshot: duckdb.DuckDBPyConnection) -> None:
    """Of the figures that nothing happened to, fewer than one in a thousand is flagged."""
    [(scored, flagged)] = snapshot.execute(
        f"""
        select count(*), count_if(is_anomaly)
        from marts.fct_campaign_anomalies as a
        join campaigns as c
            on a.platform = c.platform and a.account_id = c.account_id and a.campaign_id = c.id
        where a.date_day <= coalesce(c.last_day, date '{ANCHOR}')
            and not exists (
                from incidents as i
                where i.platform = a.platform and i.account_id = a.account_id
                    and coalesce(i.campaign_id, a.campaign_id) = a.campaign_id
                    and a.date_day between i.first_day and i.last_day
            )
        """
    ).fetchall()
    assert scored > 20_000
    assert flagged < scored / 1000


def test_the_snapshot_is_the_marts(demo: Folder, snapshot: duckdb.DuckDBPyConnection) -> None:
    snapshot.execute(f"attach '{demo.warehouse}' (read_only)")
    tables = snapshot.execute(
        "select table_schema, table_name from information_schema.tables "
        "where table_catalog = 'warehouse' and table_schema in ('marts', 'ops')"
    ).fetchall()
    assert len(tables) > 10
    for schema, table in tables:
        name = f"{schema}.{table}"
        here = snapshot.execute(f"describe {name}").fetchall()
        there = snapshot.execute(f"describe warehouse.{name}").fetchall()
        assert [row[:2] for row in here] == [row[:2] for row in there]
        for one, other in ((name, f"warehouse.{name}"), (f"warehouse.{name}", name)):
            differ = snapshot.execute(f"select * from {one} except all select * from {other}")
            assert differ.fetchall() == [], name
    described = snapshot.execute(
        "select count(*), count(comment) from duckdb_columns() "
        "where schema_name = 'marts' and database_name <> 'warehouse'"
    ).fetchone()
    assert described is not None and described[0] == described[1]


def test_a_second_run_keeps_what_is_there(demo: Folder) -> None:
    before = snapshot_path(demo)
    done = demo_run(demo.path, "--no-site")
    assert done.returncode == 0, done.stderr
    assert "it stays" in done.stderr
    assert snapshot_path(demo) == before


def test_a_failed_build_leaves_readers_where_they_are(demo: Folder) -> None:
    before = snapshot_path(demo)
    with duckdb.connect(str(demo.warehouse)) as database:
        database.execute("alter table raw_google_ads.campaign rename column clicks to klicks")
    try:
        failed = campaigns(demo.path, "build")
        assert failed.returncode == 1
        assert failed.stderr.count("\n") <= 3
        assert "stg_google_ads__performance" in failed.stderr
        refused = campaigns(demo.path, "publish")
        assert refused.returncode == 1
        assert "the last build failed" in refused.stderr
        assert "the last build failed" in campaigns(demo.path, "status").stdout
        assert snapshot_path(demo) == before
    finally:
        with duckdb.connect(str(demo.warehouse)) as database:
            database.execute("alter table raw_google_ads.campaign rename column klicks to clicks")
    assert campaigns(demo.path, "build").returncode == 0
    assert campaigns(demo.path, "publish").returncode == 0
    assert snapshot_path(demo) != before
