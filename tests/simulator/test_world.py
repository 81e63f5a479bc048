"""The accounts behind the wire: deterministic, adding up, and moving as platforms' numbers move."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from simulator.portfolio import ACCOUNTS, GOOGLE, Scale
from simulator.truth import ENTITIES, PURCHASES, REPORTS, incidents, write_truth
from simulator.world import ANCHOR, World

MEASURES = ("impressions", "clicks", "clicks_all", "cost", "conversions", "conversion_value")
SUMS = ", ".join(f"sum({m}) as {m}" for m in MEASURES)
KEYS = "platform, account_id, campaign_id, date"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """The small accounts: half a year, with all that is planted; each truth is computed once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(World, "truth", cache(World.truth))
        yield World(1, "small")


def sql(query: str, **tables: pa.Table) -> list[tuple]:
    """Rows of a query over Arrow tables."""
    with duckdb.connect() as connection:
        for name, table in tables.items():
            connection.register(name, table)
        return connection.execute(query).fetchall()


def test_the_same_seed_gives_the_same_truth_and_another_seed_another() -> None:
    first, again = World(7, "tiny"), World(7, "tiny")
    for report in ("campaign", "ad"):
        assert first.truth(ANCHOR, report).equals(again.truth(ANCHOR, report))
    assert not World(8, "tiny").truth(ANCHOR, "campaign").equals(first.truth(ANCHOR, "campaign"))


def test_truth_of_this_release_stays_what_it_is() -> None:
    totals = sql(f"select count(*), {SUMS} from t where account_id = '{ACCOUNTS[0].id}'",
                 t=World(1, "tiny").truth(ANCHOR, "campaign"))  # fmt: skip
    assert [str(total) for total in totals[0]] == [
        "230",
        "7968298",
        "80054",
        "80054",
        "63821.015929000",
        "3565.234825000",
        "171905.612209000",
    ]


def test_devices_add_up_to_campaigns(world: World) -> None:
    campaign, device = (world.truth(ANCHOR, r) for r in ("campaign", "campaign_device"))
    query = f"select {KEYS}, {SUMS} from t group by all order by all"
    assert sql(query, t=device) == sql(query, t=campaign)


def test_ads_add_up_to_campaigns_except_where_there_are_none(world: World) -> None:
    campaigns = world.truth(ANCHOR, "campaigns")
    campaign, ad = (world.truth(ANCHOR, r) for r in ("campaign", "ad"))
    query = f"select {KEYS}, {SUMS} from t group by all order by all"
    with_ads = sql(f"select {KEYS}, {SUMS} from t semi join ads using (platform, account_id, "
                   "campaign_id) group by all order by all", t=campaign, ads=ad)  # fmt: skip
    assert sql(query, t=ad) == with_ads
    without = sql("select distinct channel from c anti join ads on c.id = ads.campaign_id and "
                  "c.account_id = ads.account_id", c=campaigns, ads=ad)  # fmt: skip
    assert without == [("PERFORMANCE_MAX",)]


def test_actions_add_up_to_conversions_on_google_and_overlap_on_meta(world: World) -> None:
    campaign, action = (world.truth(ANCHOR, r) for r in ("campaign", "campaign_conversion_action"))
    query = ("select platform, sum(conversions), sum(conversion_value) from t group by platform "
             "order by platform desc")  # fmt: skip
    (_, google, value), (_, meta, worth) = sql(query, t=campaign)
    assert sql(query, t=action) == [
        ("google_ads", google, value),
        ("facebook_ads", meta * len(PURCHASES), worth * len(PURCHASES)),
    ]


def test_clicks_are_never_more_than_impressions_and_money_is_exact(world: World) -> None:
    for report in ("campaign", "ad", "campaign_device"):
        truth = world.truth(ANCHOR, report)
        assert truth.schema.field("cost").type == pa.decimal128(38, 9)
        wrong = """select count(*) from t where clicks > clicks_all or clicks_all > impressions
            or impressions = 0 or cost < 0 or conversions < 0"""
        assert sql(wrong, t=truth) == [(0,)]
    yen = sql("select count(*) from t where currency = 'JPY' and cost <> floor(cost)",
              t=world.truth(ANCHOR, "ad"))  # fmt: skip
    assert yen == [(0,)]


def test_keys_are_unique_though_ids_repeat(world: World) -> None:
    ad = world.truth(ANCHOR, "ad")
    assert sql("select max(n) from (select count(*) as n from t group by platform, account_id, "
               "ad_group_id, ad_id, date)", t=ad) == [(1,)]  # fmt: skip
    assert sql("select count(*) > 0 from (select ad_id from t group by ad_id, date, account_id "
               "having count(*) > 1)", t=ad) == [(True,)]  # fmt: skip
    assert sql("select count(*) from (select campaign_id from t group by campaign_id having "
               "count(distinct account_id) > 1)", t=ad) == [(1,)]  # fmt: skip
    assert sql("select max(ad_id::bigint) > 9007199254740992 from t where platform = 'google_ads'",
               t=ad) == [(True,)]  # fmt: skip


@pytest.mark.parametrize("later", [3, 20])
def test_only_days_that_still_move_are_restated_up_and_down(world: World, later: int) -> None:
    now = ANCHOR + timedelta(later)
    before, after = world.truth(ANCHOR, "campaign"), world.truth(now, "campaign")
    query = f"""
        select max(b.date), min(b.date), bool_or(coalesce(a.cost, 0) < b.cost),
          bool_or(a.cost > b.cost), bool_or(a.conversions > b.conversions),
          bool_or(a.conversions < b.conversions), bool_or(a.cost is null)
        from b left join a using (platform, account_id, campaign_id, date)
        where (a.cost, a.conversions, a.conversion_value, a.clicks) is distinct from
          (b.cost, b.conversions, b.conversion_value, b.clicks) and b.date < date '{ANCHOR}'"""
    last, first, down, up, more, fewer, gone = sql(query, a=after, b=before)[0]
    assert last == ANCHOR - timedelta(1) and first > ANCHOR - timedelta(29)
    assert (down, up, more, fewer, gone) == (True, True, True, True, True)


def test_conversions_of_a_day_arrive_over_the_following_weeks(world: World) -> None:
    day = ANCHOR - timedelta(1)
    seen = [
        sql(f"select sum(conversions) from t where date = '{day}' and platform = '{GOOGLE}'",
            t=world.truth(day + timedelta(lag), "campaign"))[0][0]
        for lag in (1, 4, 10, 28)
    ]  # fmt: skip
    assert seen == sorted(seen) and seen[0] < seen[-1] * Decimal("0.8")
    assert World(1, "tiny", moving=False).truth(ANCHOR, "campaign").num_rows > 0


def test_every_account_has_its_own_today(world: World) -> None:
    late = datetime(2026, 11, 22, 20, tzinfo=UTC)
    days = {a.currency: world.today(a, late)[0] for a in ACCOUNTS if a.platform == GOOGLE}
    assert days == {"USD": ANCHOR, "EUR": ANCHOR, "SEK": ANCHOR, "JPY": ANCHOR + timedelta(1)}
    last = sql("select currency, max(date) from t group by all", t=world.truth(late, "campaign"))
    assert dict(last)["JPY"] == ANCHOR + timedelta(1) and dict(last)["USD"] == ANCHOR
    assert world.today(ACCOUNTS[0], date(2026, 11, 1))[1] < world.today(ACCOUNTS[0], ANCHOR)[1] + 1


def test_campaigns_are_renamed_paused_and_removed(world: World) -> None:
    def named(now: date) -> dict[str, tuple[str, str]]:
        rows = world.truth(now, "campaigns").to_pylist()
        return {f"{row['account_id']}/{row['id']}": (row["name"], row["status"]) for row in rows}

    now, later = named(ANCHOR), named(ANCHOR + timedelta(3))
    assert {status for _, status in now.values()} == {"ENABLED", "PAUSED", "REMOVED"}
    changed = [key for key in now if now[key] != later[key]]
    assert any(now[key][0] != later[key][0] for key in changed)
    assert any(now[key][1] != later[key][1] == "REMOVED" for key in changed)
    rows = world.truth(ANCHOR, "campaign")
    assert sql("select count(*) > 0 from t join c on c.id = t.campaign_id and c.account_id = "
               "t.account_id where status = 'REMOVED'", t=rows,
               c=world.truth(ANCHOR, "campaigns")) == [(True,)]  # fmt: skip


def test_planted_incidents_show_in_the_numbers(world: World) -> None:
    planted = incidents(world)
    kinds = {row["kind"] for row in planted.to_pylist()}
    assert kinds >= {
        "tracking_outage",
        "spend_spike",
        "delivery_stop",
        "budget_overspend",
        "holiday",
    }
    query = """select i.kind, sum(t.conversions), sum(t.cost) from i left join t on
        t.account_id = i.account_id and t.campaign_id = i.campaign_id
        and t.date between i.first_day and i.last_day group by i.kind"""
    found = {kind: (conversions, cost) for kind, conversions, cost in
             sql(query, i=planted, t=world.truth(ANCHOR, "campaign"))}  # fmt: skip
    assert found["tracking_outage"][0] == 0 and found["tracking_outage"][1] > 0
    assert found["delivery_stop"] == (None, None)
    query = """select min(t.cost / b.daily_amount) from i join t using (account_id, campaign_id)
        join b using (account_id, campaign_id)
        where i.kind = 'budget_overspend' and t.date between i.first_day and i.last_day"""
    least = sql(query, i=planted, t=world.truth(ANCHOR, "campaign"),
                b=world.truth(ANCHOR, "budgets"))[0][0]  # fmt: skip
    assert least > 1


def test_truth_is_written_as_parquet(world: World, tmp_path: Path) -> None:
    files = write_truth(world, tmp_path, ANCHOR)
    assert {f.stem for f in files} == {*REPORTS, *ENTITIES, "incidents"}
    assert pq.read_table(tmp_path / "ad.parquet").equals(world.truth(ANCHOR, "ad"))


def test_scale_is_a_name_or_a_number_of_ad_days() -> None:
    world = World(1, 200_000)
    days = sum(1 for _ in world.ads) * world.scale.days
    assert 100_000 < days < 400_000
    large = Scale.named("large")
    assert 4 * (large.google_campaigns * 0.8 + large.meta_campaigns) * large.ad_groups * large.ads \
        * large.days > 9.9e6  # fmt: skip
    with pytest.raises(ValueError, match="small, medium, large"):
        Scale.named("huge")
