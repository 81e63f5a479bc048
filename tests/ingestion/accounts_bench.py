"""A simulated platform, its collector and a warehouse: what the tests of both platforms share."""

import json
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from ingestion import http
from ingestion.accounts import AccountsPlatform
from ingestion.contract import Window
from ingestion.facebook_ads import FacebookAds
from ingestion.google_ads import GoogleAds
from ingestion.load import Outcome, load
from pipeline.settings import Folder
from simulator.server import Simulator
from simulator.truth import truth
from simulator.world import ANCHOR

FIRST = ANCHOR - timedelta(45)
COLLECTORS: dict[str, type[AccountsPlatform]] = {
    "google_ads": GoogleAds,
    "facebook_ads": FacebookAds,
}
MEASURES = {
    "google_ads": {
        "impressions": "impressions",
        "clicks": "clicks",
        "cost": "cost_micros * 0.000001::decimal(7, 6)",
        "conversions": "conversions",
        "conversion_value": "conversions_value",
    },
    "facebook_ads": {
        "impressions": "impressions",
        "clicks": "inline_link_clicks",
        "cost": "spend",
        "conversions": "conversions",
        "conversion_value": "conversion_value",
    },
}
KEYS = {
    "campaign": ["campaign_id"],
    "ad": ["campaign_id", "ad_group_id", "ad_id"],
    "campaign_device": ["campaign_id", "device"],
    "campaign_conversion_action": ["campaign_id", "action"],
}
# An entity's columns: those of the truth and, by platform, the SQL that gives them from raw.
SMALLEST = "daily_budget / case when currency = 'JPY' then 1 else 100 end"
ENTITIES = {
    "accounts": (
        "account_id, name, currency, time_zone",
        *["account_id, account_name, currency, time_zone from accounts"] * 2,
    ),
    "campaigns": (
        "account_id, id, name, status",
        "account_id, campaign_id, campaign_name, status from campaigns",
        "account_id, campaign_id, campaign_name, case effective_status when 'ACTIVE' "
        "then 'ENABLED' when 'DELETED' then 'REMOVED' else effective_status end from campaigns",
    ),
    "ad_groups": (
        "account_id, campaign_id, id, name",
        *["account_id, campaign_id, ad_group_id, ad_group_name from ad_groups"] * 2,
    ),
    "ads": (
        "account_id, campaign_id, ad_group_id, id",
        *["account_id, campaign_id, ad_group_id, ad_id from ads"] * 2,
    ),
    "budgets": (
        "account_id, campaign_id, cast(daily_amount as decimal(38, 6))",
        "b.account_id, c.campaign_id, cast(b.amount_micros * 0.000001::decimal(7, 6) as "
        "decimal(38, 6)) from budgets as b join campaigns as c on c.budget = 'customers/' || "
        "b.account_id || '/campaignBudgets/' || b.budget_id",
        f"account_id, campaign_id, cast({SMALLEST} as decimal(38, 6)) "
        "from budgets join accounts using (account_id)",
    ),
}
NAMES = {
    "google_ads": {"action": "conversion_action_name"},
    "facebook_ads": {"action": "action_type", "device": "device_platform"},
}


@dataclass
class Accounts:
    """One platform of a running simulator and the warehouse it is collected into."""

    platform: str
    simulator: Simulator
    folder: Folder
    monkeypatch: pytest.MonkeyPatch
    known: dict[tuple[str, str], pa.Table]
    since: date = FIRST
    said: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        """The accounts that are configured."""
        key = "CUSTOMER_IDS" if self.platform == "google_ads" else "ACCOUNT_IDS"
        return sorted(json.loads(os.environ[self.key(key)]))

    def key(self, name: str) -> str:
        """The environment variable of a setting."""
        return f"SOURCES__{self.platform.upper()}__{name}"

    def configure(self, **settings: Any) -> None:
        """Change settings."""
        for name, value in settings.items():
            self.monkeypatch.setenv(self.key(name), str(value))

    def at(self, today: date) -> None:
        """Set the clock of both sides."""
        self.simulator.control.today = today
        self.monkeypatch.setenv("CAMPAIGNS_TODAY", today.isoformat())

    def fault(self, *specs: str) -> None:
        """Switch faults on."""
        for spec in specs:
            self.simulator.control.faults.add(spec)

    def collect(self, window: Window | None = None) -> Outcome:
        """Load the platform; what was said, asked and waited is kept."""
        self.said.clear()
        self.waits.clear()
        self.simulator.control.requests.clear()
        collector = COLLECTORS[self.platform]()
        return load(collector, window or Window(), self.folder.path, self.said.append)

    def rows(self, query: str) -> list[tuple]:
        """Query the raw dataset."""
        with duckdb.connect(str(self.folder.warehouse), read_only=True) as database:
            database.execute(f"use raw_{self.platform}")
            return database.execute(query).fetchall()

    def statuses(self, account: str = "%") -> set[tuple[str, str]]:
        """Reports and what became of their days, as last heard."""
        query = f"""
            select distinct report, status from (
                select report, date, account_id, arg_max(status, read_at) as status
                from receipts where account_id like '{account}' group by all
            )"""
        return set(self.rows(query))

    def differences(self, report: str, accounts: list[str] | None = None) -> list[tuple]:
        """Rows that are not the truth: counts exactly, money and conversions to 1e-6."""
        names = NAMES[self.platform]
        keys = KEYS[report]
        measures = MEASURES[self.platform]
        if report == "campaign_conversion_action":
            measures = {name: measures[name] for name in ("conversions", "conversion_value")}
        control = self.simulator.control
        chosen = ", ".join(f"'{one}'" for one in accounts or self.ids)
        where = (
            f"account_id in ({chosen}) and date between date '{self.since}' and "
            f"date '{control.today}' - 1"
        )
        told = self._side(report, {key: names.get(key, key) for key in keys}, measures, where)
        same = {name: name for name in measures}
        real = self._side("everything", {key: key for key in keys}, same, where)
        if report == "campaign_conversion_action" and self.platform == "facebook_ads":
            # The truth holds purchases within the standard window; the platform tells more.
            told += " and action_type in (select action from everything)"
            told += " and (conversions > 0 or conversion_value > 0)"
        with duckdb.connect(str(self.folder.warehouse), read_only=True) as database:
            self._register(database, report)
            (rows,) = database.execute(f"select count(*) from ({real})").fetchone() or (0,)
            assert rows > 100
            return database.execute(
                f"select 'raw', * from ({told} except all {real}) "
                f"union all select 'truth', * from ({real} except all {told})"
            ).fetchall()

    def entity_differences(self, entity: str) -> list[tuple]:
        """Objects that are not as they really are now: ids, names, statuses, budgets."""
        columns, *selects = ENTITIES[entity]
        select = selects[list(COLLECTORS).index(self.platform)]
        told = f"select {select}"
        real = f"select {columns} from everything where platform = '{self.platform}'"
        with duckdb.connect(str(self.folder.warehouse), read_only=True) as database:
            self._register(database, entity)
            return database.execute(
                f"select 'raw', * from ({told} except all {real}) "
                f"union all select 'truth', * from ({real} except all {told})"
            ).fetchall()

    def _register(self, database: duckdb.DuckDBPyConnection, report: str) -> None:
        """Make the truth of now the table `everything`, and the raw dataset the default."""
        control = self.simulator.control
        moment = (str(control.now), report)
        if moment not in self.known:
            self.known[moment] = truth(self.simulator.world, control.now, report)
        database.register("everything", self.known[moment])
        database.execute(f"use raw_{self.platform}")

    def _side(self, table: str, keys: dict[str, str], measures: dict[str, str], where: str) -> str:
        texts = [f"cast({sql} as varchar) as {name}" for name, sql in keys.items()]
        numbers = [f"cast({sql} as decimal(38, 6)) as {name}" for name, sql in measures.items()]
        columns = ", ".join(["account_id", "date", *texts, *numbers])
        return f"select {columns} from {table} where {where}"

    def assert_truth(self, accounts: list[str] | None = None) -> None:
        """All reports are the truth."""
        for report in KEYS:
            assert self.differences(report, accounts)[:4] == [], report
        for entity in () if accounts else ENTITIES:
            assert self.entity_differences(entity)[:4] == [], entity


@contextmanager
def running() -> Generator[Simulator]:
    """A simulator of its own world."""
    with Simulator(seed=1, scale="tiny") as simulator:
        yield simulator


# What is true at a moment, by report: all tests of a process look at worlds of the same seed.
KNOWN: dict[tuple[str, str], pa.Table] = {}


def prepare(
    platform: str,
    simulator: Simulator,
    folder: Folder,
    monkeypatch: pytest.MonkeyPatch,
    since: date = FIRST,
) -> Accounts:
    """Point the settings at the simulator, in its first state, and let no wait take time."""
    control = simulator.control
    control.faults.clear()
    control.require_proof = False
    for name, value in simulator.environment.items():
        monkeypatch.setenv(name, value)
    bench = Accounts(platform, simulator, folder, monkeypatch, KNOWN, since)
    bench.at(ANCHOR)
    bench.configure(START_DATE=since)
    real: Callable = http.pause

    def short(seconds: float, stop: Any) -> None:
        bench.waits.append(seconds)
        real(min(seconds, 0.05), stop)

    monkeypatch.setattr(http, "pause", short)
    return bench


def text_files(folder: Path) -> bytes:
    """Everything that was written, as bytes."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
