"""Which days to ask an account for, and what every report of a platform is made of.

State is what finished loads left in the warehouse: the receipts. A report goes on at its first
day that no load finished, less the lookback, so that a failed day is asked again and no later
day hides it.
"""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import dlt
import pyarrow as pa

from ingestion.contract import History, Table, Window, columns
from ingestion.http import Problem
from pipeline.errors import UsageError
from pipeline.settings import setting, setting_list

DAY = timedelta(days=1)
MONTHS_KEPT = 37
DAYS_KEPT_AT_LEAST = 1_110
TOO_OLD = "older than the platform keeps"
PARTIAL = "partial: the day is not over"


@dataclass(frozen=True)
class Report:
    """A raw table of daily rows and what is known of it.

    `key` makes a row unique within its slice. `required` columns are in every row; of the
    `measured` ones, one that no row of an answer carries is a missing field; `zero` ones are 0
    in a row that lacks them. `sums` are the receipt's measures as SQL over the table's columns;
    `checks` are aggregates that hold for a row set that cannot be, with what that means.
    """

    table: Table
    key: tuple[str, ...]
    required: tuple[str, ...]
    measured: tuple[str, ...]
    zero: tuple[str, ...]
    sums: dict[str, str]
    checks: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """The report's name, in receipts and as a table."""
        return self.table.name


@dataclass(frozen=True)
class Question:
    """What is asked for in one go: a range of days that fills one report or several.

    `step` is the longest range in days of one unit of work.
    """

    name: str
    reports: tuple[Report, ...]
    step: int


@dataclass
class Account:
    """An account as its platform describes it; `problem` when it cannot be read at all."""

    id: str
    name: str | None = None
    currency: str | None = None
    time_zone: str | None = None
    status: str | None = None
    manager_id: str | None = None
    problem: Problem | None = None

    def today(self) -> date:
        """Today in the account's zone, or the day that CAMPAIGNS_TODAY names."""
        fixed = os.environ.get("CAMPAIGNS_TODAY")
        if fixed:
            return date.fromisoformat(fixed)
        try:
            zone = ZoneInfo(self.time_zone or "UTC")
        except (ValueError, OSError, KeyError):
            zone = UTC
        return datetime.now(zone).date()

    def row(self) -> dict[str, Any]:
        """The account as a row of the table accounts."""
        fields = {name: getattr(self, name) for name in ("currency", "time_zone", "status")}
        return fields | {
            "account_id": self.id,
            "account_name": self.name,
            "manager_id": self.manager_id,
        }

    def describe(self) -> dict[str, Any]:
        """The account for `campaigns check`."""
        return {
            "account_id": self.id,
            "account_name": self.name,
            "currency": self.currency,
            "time_zone": self.time_zone,
            "status": self.status,
            "problem": str(self.problem) if self.problem else None,
        }


ACCOUNTS = Table(
    "accounts",
    columns(
        {"account_id": pa.string()},
        {
            name: pa.string()
            for name in ("account_name", "currency", "time_zone", "status", "manager_id")
        }
        | {"_deleted": pa.bool_()},
    ),
    key=("account_id",),
)


def entity(name: str, texts: tuple[str, ...], **others: pa.DataType) -> Table:
    """Make the table of an entity: rows that are replaced whole, account by account."""
    optional = dict.fromkeys(texts, pa.string()) | others
    ends = {"extra": pa.string(), "_deleted": pa.bool_()}
    return Table(name, columns({"account_id": pa.string()}, optional | ends), key=("account_id",))


def daily(name: str, texts: tuple[str, ...], **others: pa.DataType) -> Table:
    """Make the table of a report: rows that are replaced whole, account-day by account-day."""
    required = {"account_id": pa.string(), "date": pa.date32()}
    optional = dict.fromkeys(texts, pa.string()) | others
    ends = {"extra": pa.string(), "_deleted": pa.bool_()}
    return Table(name, columns(required, optional | ends), key=("account_id", "date"))


@dataclass
class Past:
    """What finished loads left: days done per account and report, and the accounts known."""

    done: dict[tuple[str, str], set[date]] = field(default_factory=dict)
    seen: set[tuple[str, str]] = field(default_factory=set)
    held: set[str] = field(default_factory=set)
    accounts: dict[str, Account] = field(default_factory=dict)

    @classmethod
    def read(cls, history: History, source: str) -> "Past":
        """Ask the warehouse once, before anything else."""
        past = cls()
        for account, report, days in history.rows(DONE, ("receipts",), [source]):
            past.seen.add((account, report))
            past.done[account, report] = {day for day in days if day is not None}
            past.accounts.setdefault(account, Account(account))
        for (origin,) in history.rows(HELD, ("quarantine",), [source]):
            past.held.add(origin)
        for row in history.rows(KNOWN, ("accounts",), []):
            past.accounts[row[0]] = Account(*row)
        return past


DONE = f"""
select account_id, report, list(
    case when (status in ('loaded', 'empty') and detail <> '{PARTIAL}')
        or detail = '{TOO_OLD}' then date end
)
from (
    select account_id, report, date,
        arg_max(status, read_at) as status, arg_max(coalesce(detail, ''), read_at) as detail
    from {{receipts}} where source = ? group by all
)
group by all"""
HELD = "select distinct origin from {quarantine} where source = ?"
KNOWN = "select account_id, account_name, currency, time_zone, status, manager_id from {accounts}"


@dataclass(frozen=True)
class Settings:
    """What every platform of accounts may be told; `lookbacks` are days, by question."""

    source: str
    lookbacks: dict[str, int]
    start: date | None
    max_wait: float
    parallel: int

    @classmethod
    def read(cls, source: str, lookback: int, questions: Iterable[Question]) -> "Settings":
        """Read sources.<source>.…; raises `UsageError` where a setting makes no sense."""

        def number(key: str, default: int) -> int:
            value = setting(f"sources.{source}.{key}", default)
            if not isinstance(value, int) or value < 0:
                raise UsageError(f"sources.{source}.{key} should be a whole number, not {value!r}")
            return value

        usual = number("lookback_days", lookback)
        return cls(
            source,
            {one.name: number(f"lookback_days_{one.name}", usual) for one in questions},
            _start_date(source),
            number("max_wait_seconds", 3600),
            max(number("parallel_accounts", 4), 1),
        )


def _start_date(source: str) -> date | None:
    value = setting(f"sources.{source}.start_date")
    if not value:
        return None
    try:
        start = date.fromisoformat(str(value))
    except ValueError as error:
        raise UsageError(
            f"sources.{source}.start_date should be a day such as 2026-01-31, not {value!r}"
        ) from error
    if start > Account("").today() + DAY:
        raise UsageError(f"sources.{source}.start_date is {start}, a day that has not come yet")
    return start


def text_setting(source: str, key: str, default: str = "") -> str:
    """Read a setting as text, also one that looks like a number."""
    value = setting(f"sources.{source}.{key}")
    return default if value is None or value == "" else str(value).strip()


def secret_setting(source: str, key: str) -> str:
    """Read a secret from the environment or .dlt/secrets.toml.

    As a secret, for dlt writes every other value that it resolves into its trace file.
    """
    value = dlt.secrets.get(f"sources.{source}.{key}")
    return str(value).strip() if value is not None else ""


def ids_setting(source: str, key: str) -> list[str]:
    """Read a list of account ids as digits; dashes, `act_` and commas are accepted."""
    texts = [part for text in setting_list(f"sources.{source}.{key}") for part in text.split(",")]
    ids = [re.sub(r"^act_|[\s-]", "", text.strip()) for text in texts if text.strip()]
    for number in ids:
        if not number.isdigit():
            raise UsageError(f"sources.{source}.{key} holds {number!r}, which is no account id")
    return list(dict.fromkeys(ids))


def kept_from(today: date, months_kept: int = MONTHS_KEPT) -> date:
    """Tell the first day of what is kept for so many months: the day after they began."""
    months = today.year * 12 + today.month - 1 - months_kept
    year, month = divmod(months, 12)
    return date(year, month + 1, min(today.day, 28)) + (1 + max(today.day - 28, 0)) * DAY


def days_to_ask(
    today: date, window: Window, start: date | None, lookback: int, done: set[date]
) -> tuple[date, date] | None:
    """Choose the first and last day to ask for, None where there is nothing to ask.

    `start` is the first day of a first run, `done` the days that finished loads have read.
    """
    kept = kept_from(today)
    until = min(window.until or today - DAY, today)
    start = max(kept, start or kept)
    if window.since is not None:
        since = max(kept, window.since)
    elif window.full_refresh:
        since = start
    else:
        day = start
        while day in done and day <= until:
            day += DAY
        since = max(start, day - lookback * DAY)
    return (since, until) if since <= until else None


def split(since: date, until: date, step: int) -> Iterator[tuple[date, date]]:
    """Cut a range of days into ranges of at most `step` days, oldest first."""
    while since <= until:
        end = min(since + (step - 1) * DAY, until)
        yield since, end
        since = end + DAY


def halves(since: date, until: date) -> list[tuple[date, date]]:
    """Cut a range of days in two; a single day stays whole."""
    if since == until:
        return [(since, until)]
    middle = since + (until - since) // 2
    return [(since, middle), (middle + DAY, until)]


def days(since: date, until: date) -> list[date]:
    """List the days of a range."""
    return [since + number * DAY for number in range((until - since).days + 1)]
