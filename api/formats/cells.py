"""Figures and texts as people read them: by unit and locale."""

import re
from datetime import date
from decimal import Decimal, localcontext
from functools import lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.numbers import get_currency_precision

from api.report import Column, Report
from pipeline.errors import UsageError

DEFAULT_LOCALE = "en_US"
MISSING = "–"
LOCALE = re.compile(r"[A-Za-z]{2,3}(_[A-Za-z]{4})?(_([A-Za-z]{2}|[0-9]{3}))?")
LARGE = Decimal(10) ** 15  # beyond it, a double is written with its exponent
DIGITS = 60  # enough for a DECIMAL(38, 9) in percent
CURRENCY = re.compile("[A-Z]{3}")
# Control characters but line breaks and tabs: they steer terminals and break HTML and XML.
CONTROLS = {
    code: chr(0x2400 + code) if code < 0x20 else "\N{REPLACEMENT CHARACTER}"
    for code in (*range(0x20), 0x7F, *range(0x80, 0xA0))
    if chr(code) not in "\t\n\r"
}


def known_locale(name: str) -> str:
    """Give a locale's name as this program writes it; raises UsageError for one that is none."""
    told = name.replace("-", "_")
    try:
        if not LOCALE.fullmatch(told):
            raise UnknownLocaleError(told)
        return str(_locale(told))
    except (UnknownLocaleError, ValueError):
        raise UsageError(
            f"{name[:40]!r} is no locale; one is written like en_US, de_DE or ar_EG"
        ) from None


@lru_cache(maxsize=64)
def _locale(name: str) -> Locale:
    return Locale.parse(name)


def text_direction(locale: str) -> str:
    """Say in which direction the locale's own texts run: ltr or rtl."""
    return _locale(locale).text_direction


def is_money(column: Column) -> bool:
    """Whether the unit of a column is one currency, by its code."""
    return CURRENCY.fullmatch(column.unit or "") is not None


def is_figure(column: Column) -> bool:
    """Whether a column holds numbers."""
    return column.type in ("integer", "decimal", "double")


def visible(text: str) -> str:
    """Show control characters as signs that do nothing."""
    return text.translate(CONTROLS)


def one_line(text: str) -> str:
    """Show line breaks and tabs as signs too."""
    return re.sub(r"\r\n|[\r\n\u2028\u2029]", "⏎", visible(text)).replace("\t", "⇥")


def exact(value: int | Decimal | float) -> str:
    """Write a number with all its digits and no exponent, without zeros that say nothing."""
    if not isinstance(value, Decimal):
        return repr(value)
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def for_people(value: Any, column: Column, locale: str) -> str:
    """Write a cell for people; texts are left as they are, days are ISO."""
    if value is None or value != value:
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float, Decimal)):
        return _number(value, column, _locale(locale))
    return value.isoformat() if isinstance(value, date) else str(value)


def _number(value: int | float | Decimal, column: Column, locale: Locale) -> str:
    exactly = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if isinstance(value, float) and abs(exactly) >= LARGE:
        return f"{value:g}"
    with localcontext(prec=DIGITS):
        return _by_unit(exactly, column, locale)


def _by_unit(exactly: Decimal, column: Column, locale: Locale) -> str:
    if column.unit == "share":
        return locale.percent_formats[None].apply(exactly, locale, force_frac=(2, 2))
    if is_money(column):
        digits = get_currency_precision(column.unit or "")
        if 0 < abs(exactly) < Decimal(10) ** -digits:
            # A click for less than a cent is not free.
            digits = min(digits + 4, 1 - exactly.adjusted())
        return locale.currency_formats["standard"].apply(
            exactly, locale, currency=column.unit, force_frac=(digits, digits)
        )
    whole = column.type == "integer"
    digits = (0, 0) if whole else (0, 2) if column.unit == "count" else (2, 2)
    return locale.decimal_formats[None].apply(exactly, locale, force_frac=digits)


def totals_row(report: Report, locale: str) -> list[str] | None:
    """Write the totals under their columns, None where there are none."""
    if report.totals is None:
        return None
    cells = [
        for_people(report.totals.get(at.name), at, locale) if is_figure(at) else ""
        for at in report.columns
    ]
    if not is_figure(report.columns[0]):
        cells[0] = "Total"
    return cells


def headline(report: Report) -> str:
    """Say in a line what a report covers."""
    days = f"{report.start} to {report.end}" if report.start != report.end else f"{report.start}"
    rows = report.rows.num_rows
    return f"{days}, {rows:,} {'row' if rows == 1 else 'rows'}, money in {report.currency}"
