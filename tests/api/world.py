"""A published snapshot of made-up days that are as awkward as real ones.

Tables have the demo's shapes and the definitions are the demo's; the rows are drawn from one seed:
two campaigns of one name, one id in two accounts and on two platforms, names that look like code,
money without a rate, measures that nobody carries, gaps, and exports by week and month.
"""

import json
import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

FIRST, LAST = date(2025, 11, 20), date(2026, 3, 25)
# platform, account, its name, currency, campaign, its name, channel
CAMPAIGNS = (
    ("google_ads", "1", "Shop EU", "EUR", "10", 'Brand, "Exact"', "search"),
    ("google_ads", "1", "Shop EU", "EUR", "11", "brand Non-Brand", "search"),
    ("google_ads", "2", "Shop US", "USD", "10", "Brand", "search"),
    ("google_ads", "2", "Shop US", "USD", "12", "Brand", "display"),
    ("google_ads", "4", "Zürich", "CHF", "15", "100% off_%", "video"),
    ("facebook_ads", "1", "Shop EU", "EUR", "10", "O'Brien'); drop table x; --", "social"),
    ("facebook_ads", "3", None, "JPY", "13", "新商品 🛒\nSale", "social"),
    ("facebook_ads", "3", None, "JPY", "14", None, None),
    ("pinterest_ads", "shop", "Pins", None, "name:pins", "=cmd()", "other"),
    ("pinterest_ads", "shop", "Pins", None, "__unattributed__", None, None),
)
RATES = {"EUR": "1.083456", "USD": "1", "JPY": "0.006712"}
MEASURES = ("impressions", "clicks", "cost", "conversions", "conversion_value")
FIGURES = (*MEASURES, "cost_local", "conversion_value_local")
NANO = Decimal("0.000000001")
Row = dict[str, Any]


def publish_world(like: Path, folder: Path, seed: int = 7, version: str = "world") -> Path:
    """Write a published folder beside the definitions of another; gives the data folder."""
    pointer = json.loads((like / "CURRENT.json").read_text())
    published = folder / "published"
    published.mkdir(parents=True, exist_ok=True)
    semantics = f"semantic-{version}.json"
    (published / semantics).write_text((like / pointer["semantic_manifest"]).read_text())
    database = published / f"warehouse-{version}.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"attach '{like / pointer['database']}' as demo (read_only)")
        _write(connection, random.Random(seed))
    written = {"version": version, "database": database.name, "semantic_manifest": semantics}
    (published / "CURRENT.json").write_text(json.dumps(written))
    return folder


def _write(connection: duckdb.DuckDBPyConnection, dice: random.Random) -> None:
    connection.execute("create schema marts; create schema ops")
    campaigns, ads, devices = [], [], []
    for campaign in CAMPAIGNS:
        for day in _days(dice):
            row = _day(campaign, day, dice)
            campaigns.append(row)
            ads += _split(row, dice, ("ad_group_id", "ad_group_name", "ad_id", "ad_name"), _AD)
            devices += _split(row, dice, ("device",), _DEVICE)
    tables: dict[str, Sequence[Mapping[str, Any]]] = {
        "marts.fct_campaign_daily": campaigns,
        "marts.fct_ad_daily": ads,
        "marts.fct_campaign_device_daily": devices,
        "marts.agg_campaign_weekly": [
            _coarse(CAMPAIGNS[8], "week", "week_start", date(2026, 1, 5)),
            _coarse(CAMPAIGNS[8], "week", "week_start", date(2026, 3, 2)),
        ],
        "marts.agg_campaign_monthly": [
            _coarse(CAMPAIGNS[9], "month", "month_start", date(2026, 2, 1))
        ],
        "marts.dim_account": _accounts(),
        "marts.dim_campaign": [_key(campaign) | _names(campaign) for campaign in CAMPAIGNS],
        "ops.fct_completeness": _completeness(dice),
        "ops.quarantined_rows": [
            {
                "platform": "google_ads",
                "account_id": "4",
                "date_day": date(2026, 2, 3),
                "reason": "no_exchange_rate",
                "cost_held": Decimal("12.5"),
                "currency": "CHF",
            }
        ],
    }
    for name, rows in tables.items():
        _insert(connection, name, rows)
    connection.execute(
        "create table marts.agg_platform_daily as select platform, date_day, "
        + ", ".join(f"cast(sum({name}) as {_type(name)}) as {name}" for name in MEASURES)
        + " from marts.fct_campaign_daily group by all"
    )
    connection.execute(
        "create table marts.dim_date as select date_day, "
        "cast(date_trunc('week', date_day) as date) as week_start, "
        "cast(date_trunc('month', date_day) as date) as month_start, "
        "cast(date_trunc('quarter', date_day) as date) as quarter_start, "
        "cast(date_trunc('year', date_day) as date) as year_start from (select cast(unnest("
        "generate_series(timestamp '2024-01-01', timestamp '2026-12-31', interval 1 day)) as date)"
        " as date_day) as days"
    )


def _type(name: str) -> str:
    return "bigint" if name in ("impressions", "clicks") else "decimal(38, 9)"


def _days(dice: random.Random) -> list[date]:
    span = (LAST - FIRST).days + 1
    return [FIRST + timedelta(day) for day in range(span) if dice.random() < 0.8]


def _key(campaign: Sequence[Any]) -> Row:
    platform, account, _, _, campaign_id, _, _ = campaign
    return {"platform": platform, "account_id": account, "campaign_id": campaign_id}


def _names(campaign: Sequence[Any]) -> Row:
    return {"campaign_name": campaign[5], "channel": campaign[6]}


def _day(campaign: Sequence[Any], day: date, dice: random.Random) -> Row:
    currency = campaign[3]
    clicks = dice.choice([0, 0, dice.randrange(40), dice.randrange(4000)])
    local = Decimal(dice.randrange(10**12)).scaleb(-9) if clicks else Decimal(0)
    value = Decimal(dice.randrange(-(10**9), 10**13)).scaleb(-9)
    rate = Decimal(RATES[currency]) if currency in RATES else None
    carried = campaign[0] != "pinterest_ads" or dice.random() < 0.5
    return {
        **_key(campaign),
        **_names(campaign),
        "account_name": campaign[2],
        "currency": currency,
        "date_day": day,
        "impressions": clicks * dice.randrange(1, 60) + dice.randrange(3),
        "clicks": clicks,
        "cost_local": local,
        "conversion_value_local": value,
        "cost": (local * rate).quantize(NANO) if rate else None,
        "conversion_value": (value * rate).quantize(NANO) if rate else None,
        "conversions": Decimal(dice.randrange(3 * 10**9)).scaleb(-9) if carried else None,
        "is_complete": dice.random() < 0.95,
        "is_mature": day < date(2026, 3, 1),
    }


_AD = [
    ("g1", "Group", "a1", "Ad"),
    ("g1", "Group", "a2", "Ad"),
    ("g2", None, "a1", None),
    ("__unattributed__", None, "__unattributed__", None),
]
_DEVICE = [("mobile",), ("desktop",), ("__unattributed__",)]


def _split(row: Row, dice: random.Random, keys: Sequence[str], parts: list[Any]) -> list[Row]:
    """Cut a campaign's day into parts that add up to it, exactly."""
    chosen = dice.sample(parts, dice.randint(1, len(parts)))
    rest = {name: row[name] for name in FIGURES}
    found = []
    for index, part in enumerate(chosen):
        own = {}
        for name, left in rest.items():
            if left is None or index == len(chosen) - 1:
                own[name] = left
            else:
                share = dice.randrange(5)
                own[name] = left * share // 4 if isinstance(left, int) else left * share / 4
                if isinstance(left, Decimal):
                    own[name] = own[name].quantize(NANO)
        rest = {name: None if left is None else left - own[name] for name, left in rest.items()}
        found.append(row | own | dict(zip(keys, part, strict=True)))
    return found


def _coarse(campaign: Sequence[Any], grain: str, column: str, day: date) -> Row:
    return {
        **_key(campaign),
        **_names(campaign),
        "account_name": campaign[2],
        "currency": campaign[3],
        column: day,
        "source_grain": grain,
        "cost": Decimal("70"),
    }


def _accounts() -> list[Row]:
    accounts = {
        (platform, account): {
            "platform": platform,
            "account_id": account,
            "account_name": name,
            "currency": currency,
        }
        for platform, account, name, currency, *_ in CAMPAIGNS
    }
    return list(accounts.values())


def _completeness(dice: random.Random) -> list[Row]:
    span = (LAST - FIRST).days + 1
    return [
        {
            "platform": account["platform"],
            "account_id": account["account_id"],
            "level": level,
            "grain": "day",
            "date_day": FIRST + timedelta(day),
            "is_complete": dice.random() < 0.97,
            "is_mature": day < span - 24,
        }
        for account in _accounts()
        for level in ("campaign", "ad", "device")
        for day in range(span - (30 if account["platform"] == "pinterest_ads" else 0))
    ]


def _insert(
    connection: duckdb.DuckDBPyConnection, name: str, rows: Sequence[Mapping[str, Any]]
) -> None:
    names = list(dict.fromkeys(key for row in rows for key in row))
    given = pa.Table.from_pylist([{key: row.get(key) for key in names} for row in rows])
    connection.register("given", given)
    connection.execute(f"create table {name} as from demo.{name} limit 0")
    connection.execute(f"insert into {name} by name from given")
    connection.unregister("given")
