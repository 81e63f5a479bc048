"""Units of work: a range of days of one question is read whole, or again, or in smaller parts."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from ingestion.contract import QUARANTINE, Batch, Table
from ingestion.http import Cut, Http, Problem, TooMuch, TooOld, backoff
from ingestion.plan import (
    DAY,
    DAYS_KEPT_AT_LEAST,
    PARTIAL,
    TOO_OLD,
    Account,
    Past,
    Question,
    Report,
    days,
    halves,
    split,
)
from ingestion.spool import Sheet, Spool, Spooled

REPEATS = 3
Say = Callable[[str], None]


class Reader(ABC):
    """Reads one account; `notes` are what the load's record should tell."""

    http: Http
    notes: list[str]
    edge: date | None = None
    """A day that no unit may reach across: before it, less can be asked for."""

    @abstractmethod
    def read(self, question: Question, since: date, until: date, spool: Spool) -> list[Sheet]:
        """Read a unit, one sheet a report; raises a `Problem`, and then nothing of it is used."""

    @abstractmethod
    def smaller(self) -> bool:
        """Ask for less at a time from now on; False where only fewer days would help."""

    @abstractmethod
    def entities(self, spool: Spool) -> Iterator[tuple[Table, Spooled]]:
        """Read the account's entities, kind by kind."""


@dataclass
class Progress:
    """What one account came to in this run."""

    account: Account
    rows: int = 0
    quarantined: int = 0
    asked: set[date] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Sink(Protocol):
    """Where units go: see accounts._Run."""

    name: str
    say: Say
    read_at: datetime

    def put(self, item: Batch | Spooled | None) -> None:
        """Pass something on."""
        ...

    def receipts(
        self, account: Account, report: Report, status: str, rows: list[dict[str, Any]]
    ) -> None:
        """Put on record what became of a report's days."""
        ...


class Units:
    """The units of one account; `since` is the first day of a question that was not read."""

    def __init__(
        self, sink: Sink, past: Past, reader: Reader, progress: Progress, spool: Spool
    ) -> None:
        self.sink = sink
        self.past = past
        self.reader = reader
        self.progress = progress
        self.account = progress.account
        self.spool = spool
        self.since = date.min

    def read(self, question: Question, since: date, until: date) -> None:
        """Read all days of a question, oldest first; raises a `Problem` at the first that fails."""
        self.since = since
        edge = self.reader.edge
        parts = [(since, until)]
        if edge is not None and since < edge <= until:
            parts = [(since, edge - DAY), (edge, until)]
        todo = [unit for part in parts for unit in split(*part, question.step)]
        cuts = 0
        while todo:
            first, last = todo[0]
            try:
                sheets = self.reader.read(question, first, last, self.spool)
            except TooOld:
                limit = self.account.today() - DAYS_KEPT_AT_LEAST * DAY
                if first >= limit:
                    raise
                end = min(last, limit - DAY)
                self._record(question, days(first, end), "forbidden", TOO_OLD)
                todo[0:1] = [(limit, last)] if last >= limit else []
                self.since = end + DAY
            except Cut as problem:
                cuts += 1
                if cuts <= REPEATS:
                    self.reader.http.patience.wait(
                        backoff(cuts), f"{self._name(first, last)}: {problem}"
                    )
                else:
                    cuts = 0
                    todo[0:1] = self._split(first, last, problem)
            except TooMuch as problem:
                if self.reader.smaller():
                    self.sink.say(f"{self._name(first, last)}: asking for less at a time")
                else:
                    todo[0:1] = self._split(first, last, problem)
            else:
                cuts = 0
                for sheet in sheets:
                    self._take(sheet, first, last, len(todo) == 1)
                todo.pop(0)
                self.since = last + DAY

    def _name(self, first: date, last: date) -> str:
        return f"{self.account.id} {first} to {last}"

    def _split(self, first: date, last: date, problem: Problem) -> list[tuple[date, date]]:
        if first == last:
            raise Problem(f"{first}: {problem}")
        self.sink.say(f"{self._name(first, last)}: {problem}: asking for half the days")
        return halves(first, last)

    def _record(self, question: Question, which: list[date], status: str, detail: str) -> None:
        for report in question.reports:
            rows = [{"date": day, "detail": detail} for day in which]
            self.sink.receipts(self.account, report, status, rows)

    def _take(self, sheet: Sheet, first: date, last: date, at_end: bool) -> None:
        """Pass a sheet on, with receipts for all its days; days without rows are emptied."""
        report, asked, today = sheet.report, days(first, last), self.account.today()
        self._quarantine(sheet, asked)
        loaded, empty = [], []
        for day in asked:
            row: dict[str, Any] = {"date": day, "row_count": 0}
            if day >= today:
                row["detail"] = PARTIAL
            if day in sheet.days:
                found = sheet.days[day]
                loaded.append(row | {"row_count": found.row_count} | found.sums)
            else:
                empty.append(row)
        self.sink.receipts(self.account, report, "loaded", loaded)
        self.sink.receipts(self.account, report, "empty", empty)
        if empty and (self.account.id, report.name) in self.past.seen:
            gone = {"account_id": self.account.id, "_deleted": True}
            self.sink.put(report.table.batch([gone | {"date": row["date"]} for row in empty]))
        rows = sum(day.row_count for day in sheet.days.values())
        self.progress.rows += rows
        self.progress.asked |= set(asked)
        self.progress.notes += [f"{report.name}: {note}" for note in sheet.notes]
        for note in sheet.notes:
            self.sink.say(f"{self._name(first, last)} {report.name}: {note}")
        if rows or at_end:
            self.sink.say(f"{self._name(first, last)} {report.name}: {rows:,} rows")
        self.sink.put(sheet)

    def _quarantine(self, sheet: Sheet, asked: list[date]) -> None:
        """Hold back the rows that could not be read, day by day, in place of earlier ones."""
        report = sheet.report
        origins = {f"{self.account.id} {report.name} {day}" for day in asked}
        record: dict[str, Any] = {
            "source": self.sink.name,
            "platform": self.sink.name,
            "account_id": self.account.id,
            "currency": self.account.currency,
            "read_at": self.sink.read_at,
        }
        rows = [{"origin": one, "_deleted": True} for one in origins & self.past.held]
        for held in sheet.quarantined:
            reason = f"unreadable_{held['reason']}"
            self.progress.quarantined += 1
            rows.append(
                held
                | {"origin": f"{self.account.id} {report.name} {held['date']}", "reason": reason}
                | {"detail": f"{held['reason']} is no number that can be read"}
            )
        if rows:
            self.sink.put(
                QUARANTINE.batch([record | {"read_at": self.sink.read_at} | row for row in rows])
            )
