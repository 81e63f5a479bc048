"""What the wire says is what happened: every report of both platforms against the truth."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from simulator.portfolio import ACCOUNTS, GOOGLE, META, Account
from simulator.world import ANCHOR, World

NOW = {GOOGLE: [], META: []}
for one in ACCOUNTS:
    for lag in (0, 20) if one.currency == "USD" else (0,):
        NOW[one.platform].append(pytest.param(one, lag, id=f"{one.currency}+{lag}"))
COUNTS = "metrics.impressions, metrics.clicks, metrics.cost_micros"
SALES = "metrics.conversions, metrics.conversions_value"
Found = dict[tuple, tuple[Decimal, ...]]


@cache
def all_rows(world: World, now: date, report: str) -> list[dict[str, Any]]:
    return world.truth(now, report).to_pylist()


def truth(world: World, account: Account, now: date, report: str, *keys: str) -> Found:
    """The truth of an account by campaign, day and further keys."""
    rows = [r for r in all_rows(world, now, report) if r["account_id"] == account.id]
    measures = ("impressions", "clicks_all", "cost") if "action" not in keys else ()
    return {
        (r["campaign_id"], str(r["date"]), *(r[k] for k in keys)): tuple(
            Decimal(r[m]) for m in (*measures, "conversions", "conversion_value")
        )
        for r in rows
    }


def google(rows: Iterable[Any], key: Any) -> Found:
    found: Found = {}
    for row in rows:
        m = row["metrics"]
        counts = ()
        if "impressions" in m:
            counts = (Decimal(m["impressions"]), Decimal(m["clicks"]),
                      Decimal(m["costMicros"]) / 10**6)  # fmt: skip
        place = (row["campaign"]["id"], row["segments"]["date"], *key(row))
        assert place not in found
        found[place] = (*counts, Decimal(str(m["conversions"])),
                        Decimal(str(m["conversionsValue"])))  # fmt: skip
    return found


@pytest.mark.parametrize(("account", "days"), NOW[GOOGLE])
def test_google(client: Any, tiny: World, account: Account, days: int) -> None:
    now = ANCHOR + timedelta(days)
    client.control.today = now
    where = f"WHERE segments.date BETWEEN '{tiny.first_day}' AND '{now}'"
    ask = f"SELECT campaign.id, segments.date, {SALES}"
    rows = client.rows(account.id, f"{ask}, {COUNTS} FROM campaign {where}")
    assert google(rows, lambda _: ()) == truth(tiny, account, now, "campaign")
    rows = client.rows(account.id, f"{ask}, {COUNTS}, segments.device FROM campaign {where}")
    assert google(rows, lambda row: (row["segments"]["device"],)) == truth(
        tiny, account, now, "campaign_device", "device"
    )
    rows = client.rows(account.id, f"{ask}, {COUNTS}, ad_group_ad.ad.id, ad_group.id "
                       f"FROM ad_group_ad {where}")  # fmt: skip
    assert google(rows, lambda r: (r["adGroup"]["id"], r["adGroupAd"]["ad"]["id"])) == truth(
        tiny, account, now, "ad", "ad_group_id", "ad_id"
    )
    rows = client.rows(account.id, f"{ask}, segments.conversion_action_name FROM campaign {where}")
    assert google(rows, lambda row: (row["segments"]["conversionActionName"],)) == truth(
        tiny, account, now, "campaign_conversion_action", "action"
    )


def meta(rows: Iterable[Any], *keys: str) -> Found:
    found: Found = {}
    for row in rows:
        sales, worth = (
            {a["action_type"]: Decimal(a["value"]) for a in row.get(name, [])}.get(
                "omni_purchase", 0
            )
            for name in ("actions", "action_values")
        )
        assert row["date_start"] == row["date_stop"]
        place = (row["campaign_id"], row["date_start"], *(row[k] for k in keys))
        assert place not in found
        found[place] = (Decimal(row["impressions"]), Decimal(row["clicks"]), Decimal(row["spend"]),
                        Decimal(sales), Decimal(worth))  # fmt: skip
    return found


@pytest.mark.parametrize(("account", "days"), NOW[META])
def test_meta(client: Any, tiny: World, account: Account, days: int) -> None:
    now = ANCHOR + timedelta(days)
    client.control.today = now
    asked = {
        "fields": "campaign_id,adset_id,ad_id,impressions,clicks,spend,actions,action_values",
        "time_range": {"since": str(tiny.first_day), "until": str(now)},
        "time_increment": "1",
        "limit": "500",
    }
    path = f"act_{account.id}/insights"
    rows = client.pages(path, level="campaign", **asked)
    assert meta(rows) == truth(tiny, account, now, "campaign")
    rows = client.pages(path, level="campaign", breakdowns="device_platform", **asked)
    assert meta(rows, "device_platform") == truth(tiny, account, now, "campaign_device", "device")
    rows = client.pages(path, level="ad", **asked)
    assert meta(rows, "adset_id", "ad_id") == truth(
        tiny, account, now, "ad", "ad_group_id", "ad_id"
    )
