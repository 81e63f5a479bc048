"""Reports as files: `reports.yml` names requests that are asked again and again.

    weekly_overview:
      title: The last week by platform
      format: email
      period: last_week
      request:
        metrics: [cost, roas]
        dimensions: [platform]
        totals: true

`period` stands for days that move on: last_7_days, last_week, this_month, … They count back from
the last day with figures, so that the same snapshot gives the same report; `last_week` is the
latest week that is over.
"""

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from api.errors import unknown
from api.formats import format_named
from api.formats.cells import known_locale
from api.request import ReportRequest, TimeRange
from pipeline.errors import UsageError
from pipeline.settings import PROJECT, setting

PERIOD = re.compile(r"last_([1-9]\d{0,3})_days|(this|last)_(week|month|quarter|year)")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = {"month": 1, "quarter": 3, "year": 12}


def _period(text: str) -> str:
    if not PERIOD.fullmatch(text):
        raise ValueError("a period is last_28_days, last_week, this_month, last_quarter, …")
    return text


class Definition(BaseModel):
    """A named report: what is asked, over which days, and how it is written."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[str, Field(min_length=1, max_length=200)]
    description: str = ""
    format: Annotated[str, AfterValidator(lambda name: format_named(name).name)] = "html"
    locale: Annotated[str, AfterValidator(known_locale)] = "en_US"
    period: Annotated[str, AfterValidator(_period)] | None = None
    request: ReportRequest

    def asked(self, last_day: date, week_start: str) -> ReportRequest:
        """Give the request with its days; `last_day` is the last with figures."""
        update: dict[str, Any] = {"name": self.title}
        if self.period:
            start, end = days_of(self.period, last_day, week_start)
            update["time_range"] = TimeRange(start_date=start, end_date=end)
        return self.request.model_copy(update=update)


def days_of(period: str, last_day: date, week_start: str) -> tuple[date, date]:
    """Give the first and last day of a period, both inclusive."""
    match = PERIOD.fullmatch(period)
    if match is None:
        raise UsageError(f"{period[:40]!r} is no period; one is last_28_days or last_month")
    if match[1]:
        return last_day - timedelta(int(match[1]) - 1), last_day
    unit = match[3]
    start = _first_day(last_day, unit, week_start)
    if match[2] == "this":
        return start, last_day
    # The period that the day after belongs to is the first that is not over.
    start = _first_day(last_day + timedelta(1), unit, week_start)
    end = start - timedelta(1)
    return _first_day(end, unit, week_start), end


def _first_day(day: date, unit: str, week_start: str) -> date:
    if unit == "week":
        return day - timedelta((day.weekday() - WEEKDAYS.index(week_start)) % 7)
    months = MONTHS[unit]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def definitions(path: Path | None = None) -> dict[str, Definition]:
    """Read the named reports; the setting `api.reports` says where, by default `reports.yml`.

    Raises UsageError that names the report and the key that is wrong.
    """
    path = path or Path(setting("api.reports", PROJECT / "reports.yml"))
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise UsageError(f"{path.name} is no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(given, dict):
        raise UsageError(f"{path.name}: it should be names with their reports")
    return {str(name): _read(f"{path.name}: {name}", one) for name, one in given.items()}


def definition(name: str, known: dict[str, Definition]) -> Definition:
    """Find a named report; raises RequestError with the nearest names."""
    if name not in known:
        raise unknown("report", name, known, "name")
    return known[name]


def _read(where: str, given: Any) -> Definition:
    try:
        found = Definition.model_validate(given)
    except (ValidationError, UsageError) as error:
        if not isinstance(error, ValidationError):
            raise UsageError(f"{where}: {error}") from error
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise UsageError(
            f"{where}: {field}: {first['msg'].removeprefix('Value error, ')}"
        ) from None
    ranged = found.request.time_range != TimeRange()
    if ranged and found.period:
        raise UsageError(f"{where}: period and request.time_range both say which days; keep one")
    return found
