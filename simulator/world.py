"""The simulated accounts: what they hold, and what each ad did on each day, seen on any later day.

A pure function of (seed, scale, anchor, now). `now` is a UTC time: every account has its own date.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from simulator.facts import MACROS, arrival, campaign_days, facts
from simulator.portfolio import (
    ACCOUNTS,
    EFFECTS,
    FAR,
    GOOGLE,
    HOLIDAYS,
    META,
    UNITS,
    Account,
    Campaign,
    Incident,
    Scale,
    ads,
    campaigns,
    incidents,
    uniform,
)

ANCHOR = date(2026, 11, 22)
ROWS_AT_A_TIME = 250_000
WEEKDAYS = {
    GOOGLE: (1.08, 1.06, 1.05, 1.03, 0.99, 0.88, 0.91),
    META: (0.97, 0.95, 0.95, 0.98, 1.02, 1.05, 1.08),
}
# family: name and weight of its parts
DEVICES = {
    "device": {"MOBILE": 60, "DESKTOP": 31, "TABLET": 7, "CONNECTED_TV": 2},
    "device_platform": {"mobile_app": 71, "mobile_web": 17, "desktop": 12},
    "impression_device": {"iphone": 38, "android_smartphone": 41, "desktop": 12, "ipad": 9},
    "publisher_platform": {"facebook": 57, "instagram": 36, "audience_network": 7},
}
# A table of none must have columns all the same.
NO_INCIDENT = {"k": -1, "date": FAR, "fi": 1.0, "fs": 1.0, "fc": 1.0, "flat": False}
Moment = date | datetime
Factors = tuple[float, float, float]
"""What an incident multiplies: impressions, cost, conversions."""
Plan = Callable[[int, list[Campaign], date], tuple[list[Campaign], list[tuple[Incident, Factors]]]]
"""Given seed, campaigns and anchor: other campaigns, and what is planted instead of the usual."""


class World:
    """Accounts, campaigns, ads and their days, in a DuckDB of its own (in memory, 2 threads)."""

    def __init__(
        self,
        seed: int = 1,
        scale: str | int | Scale = "small",
        anchor: date = ANCHOR,
        moving: bool = True,
        plan: Plan | None = None,
    ) -> None:
        self.seed, self.scale, self.anchor, self.moving = seed, Scale.named(scale), anchor, moving
        self.first_day = anchor - timedelta(self.scale.days)
        self.campaigns = list(campaigns(seed, self.scale, anchor))
        if plan:
            self.campaigns, planted = plan(seed, self.campaigns, anchor)
        else:
            usual = incidents(seed, self.campaigns, anchor)
            planted = [(incident, EFFECTS[incident.kind][1:]) for incident in usual]
        self.ads = [ad for campaign in self.campaigns for ad in ads(campaign)]
        self.effects: dict[Incident, Factors] = dict(planted)
        self.incidents = list(self.effects)
        self._lock = threading.Lock()
        self._duckdb = duckdb.connect(":memory:", config={"threads": 2})
        self._duckdb.execute(MACROS)
        for name, rows in self._tables().items():
            self._duckdb.register("loading", pa.Table.from_pylist(rows))
            self._duckdb.execute(f"create table {name} as select * from loading")
            self._duckdb.unregister("loading")

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection for one thread."""
        with self._lock:
            return self._duckdb.cursor()

    def close(self) -> None:
        """Let go of the memory."""
        self._duckdb.close()

    def account(self, account_id: str) -> Account | None:
        """The account with this id (digits), or None."""
        return next((account for account in ACCOUNTS if account.id == account_id), None)

    def today(self, account: Account, now: Moment) -> tuple[date, float]:
        """The account's date and how much of it has passed; a date means 12:00 UTC."""
        if not isinstance(now, datetime):
            now = datetime(now.year, now.month, now.day, 12, tzinfo=UTC)
        local = now.astimezone(ZoneInfo(account.time_zone))
        return local.date(), (local.hour * 60 + local.minute) / 1440

    def facts(
        self,
        account: Account,
        since: date,
        until: date,
        now: Moment,
        level: str = "campaign",
        family: str = "",
        keys: str = "",
        parts: str = "",
    ) -> str:
        """SQL for the days since..until (inclusive) of an account; columns as in `facts`.

        `keys` and `parts` are conditions on c.k and p.name that save work.
        """
        today, share = self.today(account, now)
        since, until = max(since, self.first_day), min(until, today)
        days = campaign_days(
            self.seed, account.id, since, until, today, share, self.moving,
            f"and {keys}" if keys else "",
        )  # fmt: skip
        return facts(days, level, family, self.seed, f"and {parts}" if parts else "")

    def spans(self, account: Account, since: date, until: date, level: str) -> Iterator[
        tuple[date, date]
    ]:  # fmt: skip
        """Cut a range of days into ranges whose rows fit into memory."""
        own = [c for c in self.campaigns if c.account.id == account.id]
        rows = sum(c.ad_groups * c.ads if level == "ad" else 1 for c in own) * 4
        days = max(1, ROWS_AT_A_TIME // rows)
        since = max(since, self.first_day)
        while since <= until:
            yield since, min(until, since + timedelta(days - 1))
            since += timedelta(days)

    def truth(self, as_of: Moment, report: str) -> pa.Table:
        """What happened, as it stands at `as_of`; see `simulator.truth`."""
        from simulator.truth import truth

        return truth(self, as_of, report)

    def write_truth(self, folder: Path, as_of: Moment) -> list[Path]:
        """The whole truth as Parquet files."""
        from simulator.truth import write_truth

        return write_truth(self, folder, as_of)

    def entities(self, account: Account, now: Moment) -> str:
        """SQL for an account's campaigns with the names and statuses of now.

        Columns k, id, name, status (ENABLED, PAUSED, REMOVED), channel, first_day, last_day,
        budget_micros, ordinal.
        """
        today, _ = self.today(account, now)
        return f"""
            select k, id, channel, first_day, last_day, budget_micros, ordinal,
              case when renamed_on <= date '{today}' then new_name else name end as name,
              case when removed_on <= date '{today}' then 'REMOVED'
                   when last_day < date '{today}' then 'PAUSED' else 'ENABLED' end as status
            from campaigns where account_id = '{account.id}'"""

    def _tables(self) -> dict[str, list[dict[str, Any]]]:
        by_id = {(c.account.id, c.id): c for c in self.campaigns}
        return {
            "campaigns": [self._campaign(campaign) for campaign in self.campaigns],
            "ads": [{"part": str(ad.key), "grp": str(ad.group_key), "k": ad.campaign_key,
                     "group_id": ad.group_id, "group_name": ad.group_name, "id": ad.id,
                     "name": ad.name, "key": ad.key} for ad in self.ads],
            "parts": list(self._parts()),
            "arrival": arrival(),
            "weekdays": [
                {"platform": platform, "weekday": number, "factor": factor}
                for platform, factors in WEEKDAYS.items()
                for number, factor in enumerate(factors, 1)
            ],
            "incident_days": [
                {"k": by_id[incident.account_id, str(incident.campaign_id)].key, "date": day,
                 **dict(zip(("fi", "fs", "fc"), self.effects[incident], strict=True)),
                 "flat": incident.kind == "flat_conversions"}
                for incident, day in _each_day(self.incidents)
            ] or [NO_INCIDENT],
            "holidays": [
                {"country": country, "month": month, "day": day, "reach": reach, "sales": sales}
                for (country, month, day), (reach, sales, _) in HOLIDAYS.items()
            ],
        }  # fmt: skip

    def _campaign(self, campaign: Campaign) -> dict[str, Any]:
        account = campaign.account
        return {
            "k": campaign.key, "platform": account.platform, "account_id": account.id,
            "country": account.country, "id": campaign.id, "name": campaign.name,
            "channel": campaign.channel, "ordinal": campaign.ordinal,
            "first_day": max(campaign.first_day, self.first_day), "last_day": campaign.last_day,
            "removed_on": campaign.removed_on, "renamed_on": campaign.renamed_on,
            "new_name": campaign.new_name, "fragile": campaign.fragile,
            "budget_micros": campaign.budget_micros, "base": campaign.impressions,
            "ctr": campaign.ctr, "cpm": campaign.cpm, "growth": campaign.growth,
            "unit": account.granularity, "scale": 1e6 if account.platform == GOOGLE else 1.0,
            "link": 0.0 if account.platform == GOOGLE else 0.83,
            "start_day": (self.first_day - date(2020, 1, 1)).days,
            **{f"cvr{i}": rate for i, rate in enumerate(campaign.cvr)},
            **{f"aov{i}": value for i, value in enumerate(campaign.order_value)},
        }  # fmt: skip

    def _parts(self) -> Iterator[dict[str, Any]]:
        """Shares of campaigns: name of the part, its two borders, and how far each may move."""
        by_campaign: dict[int, list[Any]] = {}
        for ad in self.ads:
            by_campaign.setdefault(ad.campaign_key, []).append(ad)
        for campaign in self.campaigns:
            mine = by_campaign.get(campaign.key, [])
            if mine:
                weights = [0.3 + uniform(self.seed, ad.key, "weight") for ad in mine]
                borders = list(_borders(weights))
                for ad, (lo, hi) in zip(mine, pairwise(borders), strict=True):
                    yield _part(campaign.key, "ad", 0, str(ad.key), lo, hi)
                for group in sorted({ad.group_key for ad in mine}):
                    own = [n for n, ad in enumerate(mine) if ad.group_key == group]
                    lo, hi = borders[own[0]], borders[own[-1] + 1]
                    yield _part(campaign.key, "ad_group", 0, str(group), lo, hi)
            google = campaign.account.platform == GOOGLE
            for salt, (family, devices) in enumerate(DEVICES.items(), 1):
                if google != (family == "device"):
                    continue
                names = [d for d in devices if d != "CONNECTED_TV" or campaign.channel == "VIDEO"]
                borders = list(_borders([devices[name] for name in names]))
                for name, (lo, hi) in zip(names, pairwise(borders), strict=True):
                    yield _part(campaign.key, family, salt, name, lo, hi)


Border = tuple[int, int, int]


def _borders(weights: Sequence[float]) -> Iterator[Border]:
    """Number, place in 2^-20 and room for movement of each border between parts."""
    total, at, places = sum(weights), 0.0, [0]
    for weight in weights:
        at += weight
        places.append(int(UNITS * at / total))
    places[-1] = UNITS
    for number, place in enumerate(places):
        inner = 0 < number < len(places) - 1
        room = min(place - places[number - 1], places[number + 1] - place) // 3 if inner else 0
        yield number, place, room


def _part(k: int, family: str, salt: int, name: str, lo: Border, hi: Border) -> dict[str, Any]:
    return {
        "k": k, "family": family, "salt": salt, "name": name,
        "lo_n": lo[0], "lo": lo[1], "lo_amp": lo[2], "hi_n": hi[0], "hi": hi[1], "hi_amp": hi[2],
    }  # fmt: skip


def _each_day(planted: Sequence[Incident]) -> Iterator[tuple[Incident, date]]:
    """Each incident with each of its days; where two meet, the first has the day."""
    taken: set[tuple[str | None, str, date]] = set()
    for incident in planted:
        for i in range((incident.last_day - incident.first_day).days + 1):
            day = incident.first_day + timedelta(i)
            if (incident.campaign_id, incident.account_id, day) not in taken:
                taken.add((incident.campaign_id, incident.account_id, day))
                yield incident, day
