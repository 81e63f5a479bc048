"""The Google Ads Query Language, as far as reports need it: text in, parts of a query out."""

import re
from dataclasses import dataclass, field
from datetime import date, timedelta

OPERATORS = ("=", "!=", "<", ">", "<=", ">=", "IN", "NOT IN", "BETWEEN", "DURING", "LIKE",
             "NOT LIKE", "IS NULL", "IS NOT NULL", "CONTAINS ANY")  # fmt: skip
_TOKEN = re.compile(
    r"""\s*(?:(?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
            |(?P<number>-?\d+(?:\.\d+)?(?![\w.]))
            |(?P<word>[A-Za-z_][\w.]*)
            |(?P<sign><=|>=|!=|[=<>(),]))""",
    re.VERBOSE,
)


class GaqlError(Exception):
    """A query that the API refuses: group of the error code, code, message."""

    def __init__(self, code: str, message: str, group: str = "queryError") -> None:
        super().__init__(message)
        self.group, self.code, self.message = group, code, message


@dataclass(frozen=True)
class Condition:
    """One condition of WHERE; `values` are texts without their quotes."""

    name: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Query:
    """A query in parts; `order` holds field names and whether descending."""

    fields: tuple[str, ...]
    resource: str
    conditions: tuple[Condition, ...] = ()
    order: tuple[tuple[str, bool], ...] = ()
    limit: int | None = None
    text: str = field(default="", compare=False)

    def dates(self, today: date) -> tuple[date, date] | None:
        """The first and last day that WHERE asks for; None when it does not speak of dates.

        Raises GaqlError when the range has no beginning or no end, or is not a date.
        """
        first, last, seen = date.min, date.max, False
        for condition in self.conditions:
            if condition.name not in DATE_SEGMENTS:
                continue
            seen = True
            if condition.operator == "DURING":
                low, high = _during(condition.values[0], today)
            else:
                days = [_day(value) for value in condition.values]
                low = {">": days[0] + timedelta(1), "<": date.min, "<=": date.min}.get(
                    condition.operator, days[0]
                )
                high = {"<": days[0] - timedelta(1), ">": date.max, ">=": date.max}.get(
                    condition.operator, days[-1]
                )
            first, last = max(first, low), min(last, high)
        if not seen:
            return None
        if first == date.min or last == date.max:
            raise GaqlError(
                "EXPECTED_FILTERS_ON_DATE_RANGE",
                "Filters on date segments in the WHERE clause must form a finite range.",
            )
        if first > last:
            raise GaqlError(
                "INVALID_DATE", "The end date is before the start date.", "dateRangeError"
            )
        return first, last


DATE_SEGMENTS = ("segments.date", "segments.week", "segments.month", "segments.quarter",
                 "segments.year")  # fmt: skip


def parse(text: str) -> Query:
    """Take a query apart; raises GaqlError on bad syntax (fields are not checked here)."""
    tokens = _Tokens(text)
    tokens.expect("SELECT")
    fields = tokens.names()
    tokens.expect("FROM")
    resource = tokens.name()
    conditions, order, limit = [], [], None
    if tokens.skip("WHERE"):
        conditions.append(_condition(tokens))
        while tokens.skip("AND"):
            conditions.append(_condition(tokens))
    if tokens.skip("ORDER"):
        tokens.expect("BY")
        while True:
            name = tokens.name()
            down = tokens.skip("DESC")
            if not down:
                tokens.skip("ASC")
            order.append((name, down))
            if not tokens.skip(","):
                break
    if tokens.skip("LIMIT"):
        limit = int(tokens.value())
    if tokens.skip("PARAMETERS"):
        tokens.rest()
    if tokens.peek():
        raise GaqlError("UNEXPECTED_INPUT", f"Error in query: unexpected input {tokens.peek()}.")
    return Query(tuple(fields), resource, tuple(conditions), tuple(order), limit, text)


class _Tokens:
    """The words of a query, one after the other."""

    def __init__(self, text: str) -> None:
        self._items: list[tuple[str, str]] = []
        at = 0
        text = text.rstrip().rstrip(";")
        while at < len(text):
            match = _TOKEN.match(text, at)
            if not match:
                raise GaqlError("UNEXPECTED_INPUT", f"Error in query: unexpected input at {at}.")
            self._items.append((str(match.lastgroup), match[str(match.lastgroup)]))
            at = match.end()
        self._at = 0

    def peek(self) -> str:
        return self._items[self._at][1] if self._at < len(self._items) else ""

    def skip(self, word: str) -> bool:
        found = self.peek().upper() == word
        self._at += found
        return found

    def expect(self, word: str) -> None:
        if not self.skip(word):
            code = {"FROM": "EXPECTED_FROM", "SELECT": "EXPECTED_SELECT"}.get(word, "BAD_SYNTAX")
            raise GaqlError(code, f"Error in query: expected {word}, found {self.peek() or 'end'}.")

    def name(self) -> str:
        kind, text = self._items[self._at] if self.peek() else ("", "")
        if kind != "word":
            code = "EXPECTED_FIELD" if text else "UNEXPECTED_END_OF_QUERY"
            raise GaqlError(code, f"Error in query: expected a field, found {text or 'end'}.")
        self._at += 1
        return text

    def names(self) -> list[str]:
        found = [self.name()]
        while self.skip(","):
            found.append(self.name())
        return found

    def value(self) -> str:
        if not self.peek():
            raise GaqlError("EXPECTED_VALUE", "Error in query: expected a value, found end.")
        kind, text = self._items[self._at]
        self._at += 1
        return re.sub(r"\\(.)", r"\1", text[1:-1]) if kind == "string" else text

    def rest(self) -> None:
        self._at = len(self._items)


def _condition(tokens: _Tokens) -> Condition:
    name = tokens.name()
    operator = tokens.value().upper()
    if operator in ("NOT", "IS", "CONTAINS"):
        operator += " " + tokens.value().upper()
        if operator == "IS NOT":
            operator += " " + tokens.value().upper()
    if operator not in OPERATORS:
        raise GaqlError("EXPECTED_OPERATOR", f"Error in query: expected an operator after {name}.")
    values: list[str] = []
    if operator == "BETWEEN":
        values.append(tokens.value())
        tokens.expect("AND")
        values.append(tokens.value())
    elif operator in ("IN", "NOT IN", "CONTAINS ANY"):
        tokens.expect("(")
        while not tokens.skip(")"):
            values.append(tokens.value())
            tokens.skip(",")
    elif not operator.startswith("IS"):
        values.append(tokens.value())
    return Condition(name, operator, tuple(values))


def _day(text: str) -> date:
    try:
        if re.fullmatch(r"\d{8}", text):
            return date(int(text[:4]), int(text[4:6]), int(text[6:]))
        return date.fromisoformat(text)
    except ValueError as error:
        raise GaqlError("INVALID_DATE", f"Invalid date literal {text}.", "dateError") from error


def _during(word: str, today: date) -> tuple[date, date]:
    yesterday = today - timedelta(1)
    match word.upper():
        case "TODAY":
            return today, today
        case "YESTERDAY":
            return yesterday, yesterday
        case "THIS_MONTH":
            return today.replace(day=1), today
        case "LAST_MONTH":
            last = today.replace(day=1) - timedelta(1)
            return last.replace(day=1), last
        case "LAST_7_DAYS" | "LAST_14_DAYS" | "LAST_30_DAYS" as span:
            return today - timedelta(int(span.split("_")[1])), yesterday
    raise GaqlError("INVALID_VALUE_WITH_DURING_OPERATOR", f"Invalid date range literal {word}.")
