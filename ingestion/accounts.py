"""The engine of the platforms that report by account: Google Ads and Meta share it.

A unit of work is one account, one question and a range of days. It is read to its end and checked
before a row of it is passed on; then it replaces whole (account, report, day) slices, days
without rows included. Accounts are read in parallel, each by itself: what one of them refuses is
on record (receipts, loads) and stops no other.
"""

import queue
import shutil
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa

from ingestion.contract import LOADS, QUARANTINE, RECEIPTS, Batch, History, Table, Window
from ingestion.http import Patience, Problem, Refused, Secrets
from ingestion.plan import (
    ACCOUNTS,
    Account,
    Past,
    Question,
    Report,
    Settings,
    days,
    days_to_ask,
)
from ingestion.spool import ROWS, Spool, Spooled
from ingestion.units import Progress, Reader, Say, Units
from pipeline.errors import CampaignsError
from pipeline.settings import Folder

GRACE = 2.0


class AccountsPlatform(ABC):
    """A platform of accounts: subclasses know its facts, this class how to go about it."""

    name: str
    dataset: str
    unit = "account"
    lookback: int
    questions: tuple[Question, ...]
    entity_tables: tuple[Table, ...]

    @abstractmethod
    def connect(self, secrets: Secrets) -> None:
        """Take the settings; raises `UsageError` where one is missing."""

    @abstractmethod
    def accounts(self, patience: Patience) -> list[Account]:
        """Find the accounts to read; one that refuses has its `problem`. May raise a `Problem`."""

    @abstractmethod
    def configured(self) -> list[str]:
        """List the account ids that the user chose; empty for all that can be reached."""

    @abstractmethod
    def reader(self, account: Account, patience: Patience) -> Reader:
        """Make what reads an account."""

    def collect(self, window: Window, history: History, say: Say) -> Iterator[Batch]:
        """Yield the batches of all accounts; see `Collector`."""
        secrets = Secrets()
        self.connect(secrets)

        def aloud(line: str) -> None:
            say(secrets.clean(line))

        run = _Run(self, window, Past.read(history, self.name), secrets, aloud)
        yield from _gather(self._batches(run))

    def _batches(self, run: "_Run") -> Iterator[Batch]:
        for table in (
            ACCOUNTS,
            *self.entity_tables,
            *(report.table for question in self.questions for report in question.reports),
            QUARANTINE,
        ):
            yield _placeholder(table)
        folder = Folder().path / "spool" / self.name
        shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed
        folder.mkdir(parents=True)
        try:
            yield from run.all_accounts(Spool(folder))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def check(self) -> list[dict[str, Any]]:
        """List the accounts reached, with currency, zone and problem; raises where none can be."""
        secrets = Secrets()
        self.connect(secrets)
        settings = Settings.read(self.name, self.lookback, self.questions)
        patience = Patience(min(settings.max_wait, 60), lambda _: None, threading.Event())
        return [account.describe() for account in self.accounts(patience)]


def _gather(batches: Iterator[Batch]) -> Iterator[Batch]:
    """Put small batches of a table together: each one that is passed on costs the same again."""
    waiting: dict[str, list[Batch]] = {}
    for batch in batches:
        held = waiting.setdefault(batch.table.name, [])
        held.append(batch)
        if sum(one.rows.num_rows for one in held) >= ROWS:
            yield _together(waiting.pop(batch.table.name))
    for held in waiting.values():
        yield _together(held)


def _together(batches: list[Batch]) -> Batch:
    return Batch(batches[0].table, pa.concat_tables([batch.rows for batch in batches]))


def _placeholder(table: Table) -> Batch:
    """A row that is only there to make the table: it removes what cannot be and is not kept."""
    row: dict[str, Any] = dict.fromkeys((f.name for f in table.schema if not f.nullable), "")
    if "date" in row:
        row["date"] = date.min
    return table.batch([row | {"_deleted": True}])


class _Run:
    """One collect: a thread an account puts what it read into a queue that is emptied here."""

    def __init__(
        self, platform: AccountsPlatform, window: Window, past: Past, secrets: Secrets, say: Say
    ) -> None:
        self.platform = platform
        self.name = platform.name
        self.window = window
        self.past = past
        self.secrets = secrets
        self.say = say
        self.settings = Settings.read(platform.name, platform.lookback, platform.questions)
        self.stop = threading.Event()
        self.ready: queue.Queue[Batch | Spooled | None] = queue.Queue(maxsize=8)
        self.read_at = datetime.now(UTC)

    def all_accounts(self, spool: Spool) -> Generator[Batch]:
        """Read every account and yield its batches."""
        name = self.name
        try:
            accounts = self._accounts()
        except Problem as problem:
            self.say(f"{name}: {problem}")
            yield self._load(name, "failed", detail=str(problem))
            return
        self.say(f"{name}: {len(accounts)} account{'s' * (len(accounts) > 1)}")
        waiting: queue.SimpleQueue[Account] = queue.SimpleQueue()
        for account in accounts:
            waiting.put(account)
        threads = [
            threading.Thread(target=self._work, args=(waiting, spool), daemon=True)
            for _ in range(min(self.settings.parallel, len(accounts)))
        ]
        running = len(accounts)
        try:
            for thread in threads:
                thread.start()
            while running:
                item = self.ready.get()
                if item is None:
                    running -= 1
                elif isinstance(item, Batch):
                    yield item
                else:
                    yield from item.batches()
        finally:
            # A thread that waits for an answer cannot be woken: it is left behind, and dies with
            # the program.
            self.stop.set()
            deadline = time.monotonic() + GRACE
            for thread in threads:
                if thread.is_alive():
                    thread.join(max(deadline - time.monotonic(), 0))

    def put(self, item: Batch | Spooled | None) -> None:
        """Pass something on; raises a `Problem` where the run was stopped."""
        while not self.stop.is_set():
            try:
                return self.ready.put(item, timeout=0.5)
            except queue.Full:
                continue
        raise Problem("the run was stopped")

    def receipts(
        self, account: Account, report: Report, status: str, rows: list[dict[str, Any]]
    ) -> None:
        """Put on record what became of a report's days; a row has its date and what differs."""
        record = {
            "source": self.name,
            "platform": self.name,
            "account_id": account.id,
            "report": report.name,
            "grain": "day",
            "part": "",
            "origin": report.name,
            "status": status,
            "read_at": self.read_at,
        }
        if rows:
            self.put(RECEIPTS.batch([record | row for row in rows]))

    def _accounts(self) -> list[Account]:
        """Find the accounts; those known from earlier that are out of reach now are refused."""
        platform = self.platform
        wanted = platform.configured()
        try:
            found = platform.accounts(self._patience())
        except Problem as problem:
            ids = wanted or sorted(self.past.accounts)
            if not ids:
                raise
            found = [Account(one, problem=problem) for one in ids]
        found = [known for account in found for known in self._known_below(account)]
        reached = {account.id for account in found}
        lost = (
            [] if wanted else [one for one in self.past.accounts.values() if one.id not in reached]
        )
        for account in lost:
            account.problem = Refused(
                "no longer reachable with these credentials; grant access again, or list the "
                "accounts to read in the settings"
            )
        if not found and not lost:
            raise Problem("no account can be reached with these credentials")
        return found + lost

    def _known_below(self, account: Account) -> list[Account]:
        """Replace an account that cannot be read by what is known of it, or of those below it."""
        if account.problem is None:
            return [account]
        past = self.past.accounts
        below = [one for one in past.values() if one.manager_id == account.id]
        known = below or [past.get(account.id, account)]
        for one in known:
            one.problem = account.problem
        return known

    def _patience(self) -> Patience:
        return Patience(self.settings.max_wait, self.say, self.stop)

    def _work(self, waiting: queue.SimpleQueue[Account], spool: Spool) -> None:
        """Read one account after the other, until none is waiting or the run is stopped."""
        while not self.stop.is_set():
            try:
                account = waiting.get_nowait()
            except queue.Empty:
                return
            self._one(account, spool)

    def _one(self, account: Account, spool: Spool) -> None:
        """Read one account, whatever happens; never raises."""
        progress = Progress(account)
        try:
            try:
                self._read(progress, spool)
            except Exception as error:
                self._fail(progress, "", error)
            self._finish(progress)
            self.put(None)
        except Problem:
            pass  # the run was stopped: nobody listens any more

    def _read(self, progress: Progress, spool: Spool) -> None:
        account = progress.account
        plan = self._plan(account)
        try:
            if account.problem is not None:
                raise account.problem
            reader = self.platform.reader(account, self._patience())
            self.put(ACCOUNTS.batch([account.row()]))
            try:
                for table, spooled in reader.entities(spool):
                    self.put(table.batch([{"account_id": account.id, "_deleted": True}]))
                    self.put(spooled)
            except Problem as problem:
                if problem.whole:
                    raise
                self._fail(progress, "entities", problem)
        except Exception as error:
            self._give_up(progress, plan, error)
            return
        units = Units(self, self.past, reader, progress, spool)
        while plan:
            question, since, until = plan[0]
            try:
                units.read(question, since, until)
            except Exception as error:
                rest = [(question, units.since, until)]
                whole = getattr(error, "whole", False)
                self._give_up(progress, rest + plan[1:] if whole else rest, error)
                if whole:
                    break
            plan.pop(0)
        progress.notes += reader.notes

    def _plan(self, account: Account) -> list[tuple[Question, date, date]]:
        """List the questions and the days to ask each for."""
        today = account.today()
        plan: list[tuple[Question, date, date]] = []
        for question in self.platform.questions:
            done = [self.past.done.get((account.id, one.name), set()) for one in question.reports]
            lookback = self.settings.lookbacks[question.name]
            start = self.settings.start
            asked = days_to_ask(today, self.window, start, lookback, set.intersection(*done))
            if asked is not None:
                plan.append((question, *asked))
        if not plan:
            self.say(f"{account.id}: there is no day to read before {today}")
        return plan

    def _give_up(
        self, progress: Progress, plan: list[tuple[Question, date, date]], error: Exception
    ) -> None:
        """Put on record that the days of a plan were asked for and not read."""
        whole = getattr(error, "whole", False) or progress.account.problem is error
        detail = self._fail(progress, "" if whole or not plan else plan[0][0].name, error)
        status = error.status if isinstance(error, Problem) else "failed"
        for question, since, until in plan:
            rows = [{"date": day, "detail": detail} for day in days(since, until)]
            for report in question.reports:
                self.receipts(progress.account, report, status, rows)

    def _fail(self, progress: Progress, where: str, error: Exception) -> str:
        """Note what went wrong, once; returns it without secrets.

        Raises a `Problem` where the run was stopped: then files are gone, and nothing went wrong.
        """
        if self.stop.is_set():
            raise Problem("the run was stopped") from error
        detail = self.secrets.clean(str(error)) or type(error).__name__
        if not isinstance(error, CampaignsError):
            detail = f"{type(error).__name__}: {detail}"
        line = f"{where}: {detail}" if where else detail
        if line not in progress.errors:
            progress.errors.append(line)
            self.say(f"{self.name} {progress.account.id}: {line}")
        return detail

    def _finish(self, progress: Progress) -> None:
        """Close the account's part of the load: what came, and apart from it what failed."""
        origin = progress.account.id
        if progress.asked or not progress.errors:
            self.put(
                self._load(
                    origin,
                    "loaded",
                    detail="; ".join(dict.fromkeys(progress.notes)) or None,
                    row_count=progress.rows,
                    quarantined_count=progress.quarantined,
                    first_date=min(progress.asked, default=None),
                    last_date=max(progress.asked, default=None),
                )
            )
        if progress.errors:
            # A moment later, so that the failure is what was last heard of the account.
            later = {"read_at": self.read_at + timedelta(microseconds=1)}
            self.put(self._load(origin, "failed", detail="; ".join(progress.errors), **later))

    def _load(self, origin: str, status: str, **others: Any) -> Batch:
        row = {"source": self.name, "origin": origin, "status": status}
        return LOADS.batch([row | {"read_at": self.read_at} | others])
