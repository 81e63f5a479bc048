"""Dated exchange rates from a file, into `raw_exchange_rates`.

Two layouts are known by their header: `date,currency,rate_to_usd`, and the European Central Bank's
reference rates, one column a currency, units for one euro. A rate is US dollars for one unit of
the currency, rounded to twelve decimals. Days that a newer file no longer has stay: a rate of the
past does not end.
"""

import csv
import hashlib
import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation, localcontext
from pathlib import Path
from typing import Any

import pyarrow as pa

from ingestion.contract import INSTANT, LOADS, QUARANTINE, Batch, History, Table, Window, columns
from ingestion.readers import Export
from pipeline.errors import CampaignsError, UsageError
from pipeline.settings import setting

NAME = "exchange_rates"
DIGITS = Decimal("1e-12")
LARGEST = Decimal("1e6")
LONG = ("date", "currency", "rate_to_usd")
CURRENCY = re.compile(r"[A-Z]{3}")
NO_RATE = ("", "N/A", "-")
RATES = Table(
    "rates",
    columns(
        {"date": pa.date32(), "currency": pa.string(), "rate_to_usd": pa.decimal128(38, 12)},
        {"origin": pa.string(), "line": pa.int64(), "read_at": INSTANT, "_deleted": pa.bool_()},
    ),
    key=("date", "currency"),
)


@dataclass(frozen=True)
class Rate:
    """A rate as it stands in a line, or why there is none."""

    line: int
    raw: str
    day: date | None = None
    currency: str | None = None
    rate: Decimal | None = None
    reason: str | None = None
    detail: str | None = None


class ExchangeRates:
    """A collector over one file; `path` may be a .csv, .gz, .bz2 or a .zip of one file."""

    name = NAME
    dataset = NAME
    unit = "file"

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def configured(cls) -> "ExchangeRates | None":
        """Make the collector of sources.exchange_rates.path, None where that is not set."""
        path = setting(f"sources.{NAME}.path")
        return cls(Path(str(path))) if path else None

    @classmethod
    def required(cls) -> "ExchangeRates":
        """Make the collector; raises `UsageError` where no file is named."""
        found = cls.configured()
        if found is None:
            raise UsageError(
                "no exchange rates are named: set SOURCES__EXCHANGE_RATES__PATH to a CSV "
                "date,currency,rate_to_usd or to the European Central Bank's reference rates"
            )
        return found

    def collect(
        self, window: Window, history: History, say: Callable[[str], None]
    ) -> Iterator[Batch]:
        """Yield the file's rates; rows that hold none are quarantined with their reason."""
        record = {"source": NAME, "origin": self.path.name, "read_at": datetime.now(UTC)}
        try:
            content = self.path.read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            if not window.full_refresh and (digest,) in history.rows(LAST, ("loads",), []):
                say(f"{self.path.name}: unchanged")
                return
            found = _held(list(_read(self._text())))
        except (OSError, UnicodeError, EOFError, zipfile.BadZipFile, csv.Error) as error:
            raise CampaignsError(f"exchange rates: {self.path} cannot be read: {error}") from error
        good = [one for one in found if not one.reason]
        bad = [one for one in found if one.reason]
        rows = [
            _row(one) | {"origin": self.path.name, "read_at": record["read_at"]} for one in good
        ]
        if window.full_refresh:
            kept = {(one.day, one.currency) for one in good}
            gone = [key for key in history.rows(KNOWN, ("rates",), []) if key not in kept]
            rows += [
                {"date": day, "currency": currency, "rate_to_usd": 0, "_deleted": True}
                for day, currency in gone
            ]
        if rows:
            yield RATES.batch(rows)
        yield QUARANTINE.batch(
            [record | _held_row(one) for one in bad] + [record | {"_deleted": True}]
        )
        days = [one.day for one in good if one.day]
        yield LOADS.batch(
            [
                record
                | {"status": "loaded", "row_count": len(good), "quarantined_count": len(bad)}
                | {"first_date": min(days, default=None), "last_date": max(days, default=None)}
                | {"content_hash": digest}
            ]
        )

    def _text(self) -> io.TextIOWrapper:
        member = None
        if self.path.suffix == ".zip":
            with zipfile.ZipFile(self.path) as archive:
                members = archive.namelist()
            if len(members) != 1:
                raise CampaignsError(f"exchange rates: {self.path} should hold one file")
            (member,) = members
        return io.TextIOWrapper(
            Export(self.path, self.path.name, member).open(), encoding="utf-8-sig", newline=""
        )


LAST = "select arg_max(content_hash, read_at) from {loads} where status = 'loaded'"
KNOWN = "select date, currency from {rates}"


def _read(text: io.TextIOWrapper) -> Iterator[Rate]:
    with text:
        records = csv.reader(text)
        header = [cell.strip() for cell in next(records, [])]
        names = [cell.lower() for cell in header]
        if set(LONG) <= set(names):
            places = [names.index(name) for name in LONG]
            read = _long
        elif names[:1] == ["date"] and "usd" in names:
            places, read = [], _reference
        else:
            raise CampaignsError(
                "exchange rates: the header should be date,currency,rate_to_usd or the European "
                f"Central Bank's (Date, USD, …), not {','.join(header)!r}"
            )
        for record in records:
            cells = [cell.strip() for cell in record]
            if any(cells):
                yield from read(records.line_num, cells, header, places)


def _long(line: int, cells: list[str], _: list[str], places: list[int]) -> Iterator[Rate]:
    raw = ",".join(cells)
    if len(cells) <= max(places):
        yield Rate(line, raw, reason="unreadable_row", detail="The line is too short.")
        return
    day, currency, text = (cells[place] for place in places)
    yield _rate(line, raw, day, currency.upper(), text, None)


def _reference(line: int, cells: list[str], header: list[str], _: list[int]) -> Iterator[Rate]:
    """Turn units for one euro into dollars for one unit, by way of the dollar's column."""
    raw = ",".join(cells)
    by_name = {name.upper(): text for name, text in zip(header, cells, strict=False) if name}
    day, dollar = by_name.pop("DATE"), by_name.pop("USD", "")
    if dollar in NO_RATE:
        yield Rate(
            line,
            raw,
            _day(day),
            reason="no_dollar_rate",
            detail="The day has no rate of the dollar.",
        )
        return
    yield _rate(line, raw, day, "EUR", dollar, None)
    for currency, text in by_name.items():
        if text not in NO_RATE:
            yield _rate(line, raw, day, currency, dollar, text)


def _rate(
    line: int, raw: str, day: str, currency: str, dollars: str, for_one_euro: str | None
) -> Rate:
    found = _day(day)
    number = _quotient(dollars, for_one_euro)
    if found is None:
        reason, detail = "unreadable_date", f"'{day}' is no day."
    elif not CURRENCY.fullmatch(currency):
        reason, detail = "unknown_currency", f"'{currency}' is no ISO 4217 code."
    elif number is None:
        reason, detail = "unreadable_number", f"{currency} has no rate above zero."
    elif currency == "USD" and number != 1:
        reason, detail = "dollar_is_not_one", "A dollar is one dollar."
    else:
        return Rate(line, raw, found, currency, number)
    return Rate(line, raw, found, currency, None, reason, detail)


def _day(text: str) -> date | None:
    """Read an ISO day, or the day of the European Central Bank's daily file (2 January 2026)."""
    for form in ("%Y-%m-%d", "%d %B %Y"):
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    return None


def _quotient(numerator: str, divisor: str | None) -> Decimal | None:
    with localcontext(prec=38):
        try:
            rate = Decimal(numerator) / Decimal(divisor or 1)
            return rate.quantize(DIGITS) if DIGITS <= rate < LARGEST else None
        except (InvalidOperation, ZeroDivisionError):
            return None


def _held(found: list[Rate]) -> list[Rate]:
    """Pass each rate once; where a day and currency has two that differ, hold all of them."""
    by_key: dict[tuple[Any, ...], list[Rate]] = defaultdict(list)
    for one in found:
        key = (one.day, one.currency) if not one.reason else (one.line, one.currency, one.reason)
        by_key[key].append(one)
    passed = []
    for same in by_key.values():
        if len({one.rate for one in same}) == 1:
            passed.append(same[0])
        else:
            passed += [
                Rate(one.line, one.raw, one.day, one.currency, None, "rates_disagree", DISAGREE)
                for one in same
            ]
    return passed


DISAGREE = "The file has another rate of this day and currency."


def _row(one: Rate) -> dict[str, Any]:
    return {
        "date": one.day,
        "currency": one.currency,
        "rate_to_usd": one.rate,
        "line": one.line,
    }


def _held_row(one: Rate) -> dict[str, Any]:
    return {
        "line": one.line,
        "date": one.day,
        "reason": one.reason,
        "detail": one.detail,
        "raw_text": one.raw,
        "currency": one.currency,
    }
