"""Simulated accounts with incidents of known kind, time and size, planted at random by seed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import duckdb
import pyarrow as pa

from simulator.facts import SETTLED
from simulator.portfolio import ACCOUNTS, EFFECTS, FAR, Campaign, Incident, Scale, uniform
from simulator.truth import incidents
from simulator.world import Factors, Plan, World

ANCHOR = date(2026, 12, 31)  # so that the holidays of a year are among the days
MEASURES = ("impressions", "clicks", "cost", "conversions", "conversion_value")
SCALE = Scale(google_campaigns=20, meta_campaigns=12, ad_groups=1, ads=1, days=330)
QUIET, GAP = 70, (40, 80)  # days before the first incident of a campaign, and between two
# kind: days, and the strength of its usual effect (1 is that of simulator.portfolio)
VARIED = {
    "spend_spike": ((1, 4), (0.5, 1.2)),
    "tracking_outage": ((2, 5), (1.0, 1.0)),
    "delivery_stop": ((2, 5), (0.5, 1.2)),
    "cpm_jump": ((2, 6), (0.6, 1.3)),
    "flat_conversions": ((5, 8), (1.0, 1.0)),
    "budget_overspend": ((6, 14), (0.6, 1.5)),
}
# No threshold was ever set by these; those were tuned on seeds 101 to 104.
HELD_OUT_SEEDS = range(903, 905)
NOTHING = {
    "world": -1, **Incident("", "", "", "", "", ANCHOR, ANCHOR, "")._asdict(),
    **dict.fromkeys(MEASURES, 1.0),
}  # fmt: skip


def plan(
    seed: int, campaigns: list[Campaign], anchor: date
) -> tuple[list[Campaign], list[tuple[Incident, Factors]]]:
    """Give campaigns of 0.4 to 2.5 times the usual volume, and what befalls them."""
    sized, _ = null_plan(seed, campaigns, anchor)
    planted = [pair for campaign in sized for pair in _fate(seed, campaign, anchor)]
    return sized, planted


def thin_plan(
    seed: int, campaigns: list[Campaign], _: date
) -> tuple[list[Campaign], list[tuple[Incident, Factors]]]:
    """Give campaigns of a hundredth to a tenth of the usual volume, to which nothing happens."""
    return [
        campaign
        if campaign.fragile
        else replace(
            campaign,
            impressions=campaign.impressions * 10 ** (uniform(seed, campaign.key, "v") - 2),
        )
        for campaign in campaigns
    ], []


def null_plan(
    seed: int, campaigns: list[Campaign], _: date
) -> tuple[list[Campaign], list[tuple[Incident, Factors]]]:
    """Give the same campaigns, to which nothing happens."""
    sized = [
        campaign
        if campaign.fragile
        else replace(
            campaign,
            impressions=campaign.impressions * 10 ** (0.8 * uniform(seed, campaign.key, "v") - 0.4),
        )
        for campaign in campaigns
    ]
    return sized, []


def _fate(seed: int, campaign: Campaign, anchor: date) -> Iterator[tuple[Incident, Factors]]:
    """Incidents of a campaign: kind, length and strength are drawn."""
    if campaign.fragile:
        return
    first = max(campaign.first_day, anchor - timedelta(SCALE.days)) + timedelta(QUIET)
    last_day = min(anchor, campaign.last_day if campaign.last_day < FAR else anchor)
    for number in range(100):

        def draw(low: float, high: float, what: str, number: int = number) -> float:
            return low + (high - low) * uniform(seed, campaign.key, number, what)

        kind = tuple(VARIED)[int(draw(0, len(VARIED), "kind"))]
        days, strengths = VARIED[kind]
        first += timedelta(int(draw(0, 20, "late")) if number == 0 else int(draw(*GAP, "gap")))
        last = first + timedelta(int(draw(days[0], days[1] + 1, "days")) - 1)
        if last > last_day - timedelta(3):
            return
        strength = draw(*strengths, "strength")
        reach, spend, sales = (_factor(usual, strength) for usual in EFFECTS[kind][1:])
        account = campaign.account
        yield (
            Incident(kind, account.platform, account.id, campaign.id, EFFECTS[kind][0], first,
                     last, f"strength {strength:.2f}"),
            (reach, spend, sales),
        )  # fmt: skip


def _factor(usual: float, strength: float) -> float:
    """A weaker or stronger factor; one of 0 leaves the rest that its strength does not take."""
    return usual**strength if usual else 0.0 if strength > 0.7 else 1 - strength


def load(database: duckdb.DuckDBPyConnection, seeds: range, plan: Plan) -> None:
    """Make the tables days, planted and calendar of the worlds of these seeds.

    days: one row a campaign and day of its life, with the measures (0 without delivery), as they
    stand when nothing changes any more; planted: one row an incident, with the factor on each
    measure; calendar: the holidays (date_day, world, account_id).
    """
    truths, planted, calendar = [], [], []
    for seed in seeds:
        world = World(seed, SCALE, ANCHOR, plan=plan)
        truths.append(_of(world.truth(ANCHOR + timedelta(SETTLED), "campaign"), seed))
        planted += [
            {"world": seed, **incident._asdict(), "cost": spend,
             **dict.fromkeys(("impressions", "clicks"), reach),
             **dict.fromkeys(("conversions", "conversion_value"), reach * sales)}
            for incident, (reach, spend, sales) in world.effects.items()
        ]  # fmt: skip
        calendar += [
            {"world": seed, "account_id": row["account_id"], "date_day": row["first_day"]}
            for row in incidents(world).to_pylist()
            if row["kind"] == "holiday"
        ]
        world.close()
    measures = ", ".join(f"coalesce(t.{name}, 0)::double as {name}" for name in MEASURES)
    database.register("truths", pa.concat_tables(truths))
    database.execute(f"""
        create table days as
        with lives as (
            select world, account_id, campaign_id, min(date) as first_day, max(date) as last_day
            from truths where date <= date '{ANCHOR}' group by all
        ), each_day as (
            select world, account_id, campaign_id, unnest(generate_series(
                first_day, last_day, interval 1 day))::date as date_day
            from lives
        )
        select d.*, {measures} from each_day as d
        left join truths as t on (d.world, d.account_id, d.campaign_id, d.date_day)
            = (t.world, t.account_id, t.campaign_id, t.date)""")
    accounts = [{"account_id": account.id, "money": account.money} for account in ACCOUNTS]
    tables = {"planted": planted or [NOTHING], "calendar": calendar, "accounts": accounts}
    for name, rows in tables.items():
        database.register("rows", pa.Table.from_pylist(rows))
        database.execute(f"create table {name} as select * from rows")


def _of(table: pa.Table, seed: int) -> pa.Table:
    return table.append_column("world", pa.array([seed] * len(table)))


HELD_OUT: dict[str, tuple[range, Plan]] = {
    "with incidents": (HELD_OUT_SEEDS, plan),
    "nothing happens": (HELD_OUT_SEEDS, null_plan),
    "nothing happens, thin volume": (HELD_OUT_SEEDS, thin_plan),
}
"""What is scored, by its name: seeds and plan."""
