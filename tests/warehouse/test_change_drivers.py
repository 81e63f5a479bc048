"""The parts of a change against Shapley values in exact fractions, on random campaigns."""

import random
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import permutations
from math import prod
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from pipeline.publish import snapshot_path
from pipeline.settings import Folder
from scorecard.rules import compiled

MEASURES = ("impressions", "clicks", "cost", "conversions", "conversion_value")
# What each metric is made of, after impressions: its rates, over what, of what.
RATES = {
    "cost": {"cpm": ("cost", "impressions")},
    "conversions": {"ctr": ("clicks", "impressions"), "cvr": ("conversions", "clicks")},
}
RATES["conversion_value"] = RATES["conversions"] | {
    "value_per_conversion": ("conversion_value", "conversions")
}
RATIOS = {"cpa": ("cost", "conversions"), "roas": ("conversion_value", "cost")}
WHOLES = 120
Campaign = dict[str, Any]
Parts = dict[tuple[str, str], Fraction]


@pytest.fixture(scope="module")
def sql() -> str:
    """The macro's SQL over a relation `given`."""
    return compiled(["change_drivers('given', ['whole'], ['part'])"])[0]


def figures(draw: random.Random) -> dict[str, Any]:
    """One period of a campaign; now and then without conversions, clicks or a measure."""
    impressions = draw.randint(1, 10 ** draw.randint(1, 8))
    clicks = draw.choice([0, draw.randint(0, impressions), draw.randint(0, impressions)])
    conversions = draw.choice([0, Fraction(draw.randint(0, 10**6), 1000)]) if clicks else 0
    value = Fraction(draw.randint(-(10**6), 10**9), 100) if conversions else 0
    cost = draw.choice([0, Fraction(draw.randint(0, 10**11), 10**5)])
    return dict(zip(MEASURES, (impressions, clicks, cost, conversions, value), strict=True))


def campaign(draw: random.Random, whole: int, part: int) -> Campaign:
    presence = draw.choice(["both"] * 6 + ["new", "stopped", "unknown"])
    nothing: dict[str, Any] = dict.fromkeys(MEASURES, 0)
    now = nothing if presence == "stopped" else figures(draw)
    before = nothing if presence == "new" else figures(draw)
    for measure in MEASURES:
        # What a platform does not carry it carries in neither period, or lost one.
        if draw.random() < 0.04:
            now[measure] = before[measure] = None
        elif draw.random() < 0.02:
            draw.choice([now, before])[measure] = None
    known = {f"knows_{m}": now[m] is not None and before[m] is not None for m in MEASURES}
    return {"whole": f"w{whole}", "part": f"p{part}", "presence": presence, **known,
            **now, **{f"previous_{m}": value for m, value in before.items()}}  # fmt: skip


def split(sql: str, campaigns: list[Campaign]) -> list[dict[str, Any]]:
    """Run the macro's SQL over campaigns, whose figures have up to 9 decimals."""
    texts = [
        {k: v if isinstance(v, str | bool | None) else str(float(v)) for k, v in row.items()}
        for row in campaigns
    ]
    with duckdb.connect() as database:
        database.register("texts", pa.Table.from_pylist(texts))
        casts = ", ".join(
            f"cast({p}{m} as decimal(38, 9)) as {p}{m}" for m in MEASURES for p in ("", "previous_")
        )
        database.execute(f"create table given as select * replace ({casts}) from texts")
        return database.execute(sql).to_arrow_table().to_pylist()


def by_metric(rows: list[dict[str, Any]]) -> Iterator[tuple[tuple[str, str], list[dict]]]:
    groups = defaultdict(list)
    for row in rows:
        groups[row["whole"], row["metric"]].append(row)
    yield from groups.items()


def shapley(before: dict[str, Fraction], now: dict[str, Fraction]) -> dict[str, Fraction]:
    """By how much each factor moves the product, in the mean of all orders."""
    moved = dict.fromkeys(before, Fraction(0))
    orders = list(permutations(before))
    for order in orders:
        at = dict(before)
        for factor in order:
            start = prod(at.values())
            at[factor] = now[factor]
            moved[factor] += prod(at.values()) - start
    return {factor: move / len(orders) for factor, move in moved.items()}


def is_chained(row: Campaign, measures: tuple[str, ...]) -> bool:
    pairs = [pair for measure in measures for pair in RATES[measure].values()]
    return (
        row["presence"] == "both"
        and all(row[f"knows_{m}"] for m in {"impressions", *sum(pairs, ())})
        and all(row[p + over] or not row[p + of] for of, over in pairs for p in ("", "previous_"))
    )


def rate(row: Campaign, prefix: str, of: str, over: str) -> Fraction:
    other = "" if prefix else "previous_"
    for p in (prefix, other):
        if row[p + over]:
            return Fraction(row[p + of]) / Fraction(row[p + over])
    return Fraction(0)


def side(rows: list[Campaign], measures: tuple[str, ...], measure: str, ratio: bool) -> Parts:
    """Parts of the change of a sum, of the sum per impression where it is for a ratio."""
    chained = [row for row in rows if is_chained(row, measures)]
    volume, volume_before = (
        Fraction(sum(row[p + "impressions"] for row in chained)) for p in ("", "previous_")
    )
    unit, unit_before = (volume or 1, volume_before or 1) if ratio else (1, 1)
    parts: Parts = {}
    for row in rows:
        name = row["part"]
        if row not in chained:
            driver = row["presence"] if row["presence"] in ("new", "stopped") else "unknown"
            now, before = row[measure], row[f"previous_{measure}"]
            parts[name, driver] = Fraction(now or 0) / unit - Fraction(before or 0) / unit_before
            continue
        rates = RATES[measure]
        now, before = (
            {d: rate(row, p, *pair) for d, pair in rates.items()} for p in ("", "previous_")
        )
        heads = {p: row[p + "impressions"] / Fraction(unit if not p else unit_before)
                 for p in ("", "previous_")}  # fmt: skip
        moves = shapley({"head": heads["previous_"]} | before, {"head": heads[""]} | now)
        head = moves.pop("head")
        parts |= {(name, driver): move for driver, move in moves.items()}
        if ratio:
            parts[name, "mix"] = head
        else:
            worth = shapley({"head": Fraction(0)} | before, {"head": Fraction(1)} | now)["head"]
            share = shapley(
                {"volume": volume_before, "mix": row["previous_impressions"] / volume_before},
                {"volume": volume, "mix": row["impressions"] / volume},
            )
            parts |= {(name, driver): worth * move for driver, move in share.items()}
    return parts


def expected(rows: list[Campaign], metric: str) -> Parts | None:
    """Parts of the change of a metric, None where a ratio has nothing to divide by."""
    if metric in RATES:
        return side(rows, (metric,), metric, ratio=False)
    measures = RATIOS[metric]
    chained = [row for row in rows if is_chained(row, measures)]
    totals = {}
    for p in ("", "previous_"):
        unit = Fraction(sum(row[p + "impressions"] for row in chained)) or 1
        totals[p] = [Fraction(sum(row[p + m] or 0 for row in rows)) / unit for m in measures]
    (a1, b1), (a0, b0) = totals[""], totals["previous_"]
    if not b1 or not b0:
        return None
    parts: Parts = defaultdict(Fraction)
    weights = (1 / b0 + 1 / b1) / 2, -(a0 + a1) / 2 / (b0 * b1)
    for measure, weight in zip(measures, weights, strict=True):
        for key, move in side(rows, measures, measure, ratio=True).items():
            parts[key] += weight * move
    return parts


@pytest.fixture(scope="module")
def lives() -> dict[str, list[Campaign]]:
    draw = random.Random(20261125)
    return {
        f"w{whole}": [campaign(draw, whole, part) for part in range(draw.randint(1, 7))]
        for whole in range(WHOLES)
    }


@pytest.fixture(scope="module")
def found(sql: str, lives: dict[str, list[Campaign]]) -> list[dict[str, Any]]:
    return split(sql, [row for rows in lives.values() for row in rows])


def test_parts_sum_to_the_change_to_the_last_digit(found: list[dict[str, Any]]) -> None:
    known = 0
    for place, rows in by_metric(found):
        changes = {row["change"] for row in rows}
        assert len(changes) == 1, place
        [change] = changes
        if change is None:
            assert [row["contribution"] for row in rows] == [None], place
            continue
        known += 1
        assert sum(row["contribution"] for row in rows) == change, place
        if place[1] in RATES:
            for part in {row["part"] for row in rows}:
                of_part = [row for row in rows if row["part"] == part]
                own = (of_part[0]["part_value"] or 0) - (of_part[0]["part_previous_value"] or 0)
                assert sum(row["contribution"] for row in of_part) == own, (place, part)
    assert known > 4 * WHOLES


def test_parts_are_shapley_values(
    found: list[dict[str, Any]], lives: dict[str, list[Campaign]]
) -> None:
    drivers = set()
    for (whole, metric), rows in by_metric(found):
        carried = RATIOS.get(metric, (metric,))
        mine = [
            row
            for row in lives[whole]
            if any(row[p + m] is not None for m in carried for p in ("", "previous_"))
        ]
        if rows[0]["change"] is None:
            assert (rows[0]["value"] is None) != (rows[0]["previous_value"] is None)
            continue
        wanted = expected(mine, metric)
        assert wanted is not None
        seen = {(row["part"], row["driver"]): row["contribution"] for row in rows}
        size = max(map(abs, wanted.values()))
        for key in wanted.keys() | seen.keys():
            gap = abs(Fraction(seen.get(key, 0)) - wanted.get(key, 0))
            assert gap <= size * Fraction(1, 10**9) + Fraction(1, 10**7), (whole, metric, key)
        drivers |= {driver for _, driver in seen}
    assert drivers == {*RATES["cost"], *RATES["conversion_value"], "volume", "mix", "new",
                       "stopped", "unknown"}  # fmt: skip


def test_backwards_is_the_same_with_other_signs(
    sql: str, lives: dict[str, list[Campaign]], found: list[dict[str, Any]]
) -> None:
    turned = {"new": "stopped", "stopped": "new"}
    back = []
    for row in (row for rows in lives.values() for row in rows):
        swapped = row | {"presence": turned.get(row["presence"], row["presence"])}
        for measure in MEASURES:
            swapped[measure], swapped[f"previous_{measure}"] = (
                row[f"previous_{measure}"], row[measure],
            )  # fmt: skip
        back.append(swapped)
    forward = {(r["whole"], r["metric"], r["part"], r["driver"]): r for r in found}
    for row in split(sql, back):
        key = (row["whole"], row["metric"], row["part"], turned.get(row["driver"], row["driver"]))
        if row["change"] is None:
            assert forward[key]["change"] is None
            continue
        there = forward[key]["contribution"] if key in forward else 0
        size = abs(row["value"]) + abs(row["previous_value"]) + abs(there)
        assert abs(row["contribution"] + there) <= size / 10**9 + Decimal("1e-7"), key


def test_twice_as_much_of_everything_moves_no_ratio(sql: str) -> None:
    draw = random.Random(7)
    rows = []
    for part in range(6):
        now = figures(draw)
        rows.append(
            {"whole": "w", "part": f"p{part}", "presence": "both",
             **{f"knows_{m}": True for m in MEASURES}, **{m: 2 * now[m] for m in MEASURES},
             **{f"previous_{m}": now[m] for m in MEASURES}}
        )  # fmt: skip
    for row in split(sql, rows):
        if row["metric"] in RATIOS or row["driver"] != "volume":
            assert not row["contribution"], row


def test_other_wholes_change_nothing(
    sql: str, lives: dict[str, list[Campaign]], found: list[dict[str, Any]]
) -> None:
    for whole in list(lives)[:4]:
        alone = split(sql, list(reversed(lives[whole])))
        together = [row for row in found if row["whole"] == whole]
        order = ("metric", "driver", "part")
        assert sorted(alone, key=lambda r: [str(r[k]) for k in order]) == sorted(
            together, key=lambda r: [str(r[k]) for k in order]
        )


def test_the_demo_says_what_happened(demo: Folder) -> None:
    """The figures compared are those of the days; a campaign that ended has a line of its own."""
    with duckdb.connect(str(snapshot_path(demo)), read_only=True) as database:
        differ = database.execute(
            "select comparison, whole, value, previous_value, "
            "sum(cost) filter (date_day between period_start and period_end) as now, "
            "sum(cost) filter (date_day between previous_start and previous_end) as before "
            "from (select distinct comparison, period_start, period_end, previous_start, "
            "previous_end, whole, platform, account_id, value, previous_value "
            "from marts.fct_change_drivers where scope = 'account' and metric = 'cost') "
            "join marts.fct_campaign_daily using (platform, account_id) group by all "
            "having now is distinct from value or before is distinct from previous_value"
        )
        assert differ.fetchall() == []
        stopped = database.execute(
            "select campaign_name, campaign_value, contribution + campaign_previous_value "
            "from marts.fct_change_drivers where comparison = 'last_28_days' "
            "and whole = 'all' and metric = 'cost' and driver = 'stopped' order by all"
        )
        assert stopped.fetchall() == [
            (name, None, 0) for name in ("DE | Display", "DE | Traffic / 新商品")
        ]
