"""What can be asked: the JSON of `POST /reports`, the command line's options, Python's keywords."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from api.errors import RequestError, problem
from api.segments import Name, Segment

Grain = Literal["day", "week", "month", "quarter", "year"]


def _day(given: Any) -> Any:
    """Read an ISO date, or the day that an ISO date-time falls on."""
    if isinstance(given, datetime):
        given = given.date()
    elif isinstance(given, str):
        text = given.strip()
        try:
            given = datetime.fromisoformat(text).date()
        except ValueError:
            raise ValueError(f"{text[:40]!r} is no ISO date (2026-10-31)") from None
    if not isinstance(given, date):
        raise ValueError("an ISO date is wanted (2026-10-31)")
    if not 1970 <= given.year <= 2199:
        raise ValueError("a day between 1970 and 2199 is wanted")
    return given


Day = Annotated[date, BeforeValidator(_day)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TimeRange(_Model):
    """First and last day, both inclusive, in the accounts' own days.

    Without an end: to the last day with figures. Without a start: 28 days.
    """

    start_date: Day | None = None
    end_date: Day | None = None


class Comparison(_Model):
    """Another range of days."""

    start_date: Day
    end_date: Day


class Reference(_Model):
    """A metric or a dimension by its name."""

    name: Name


class Order(_Model):
    """A column of the answer and which way it sorts; null comes last both ways."""

    name: Name
    direction: Literal["asc", "desc"] = "asc"


def _reference(given: Any) -> Any:
    return {"name": given} if isinstance(given, str) else given


def _order(given: Any) -> Any:
    """Read "cost desc", "-cost" or "cost"."""
    if not isinstance(given, str):
        return given
    words = given.split()
    if len(words) == 2 and words[1].lower() in ("asc", "desc"):
        return {"name": words[0], "direction": words[1].lower()}
    if given.startswith("-"):
        return {"name": given[1:].strip(), "direction": "desc"}
    return {"name": given}


class ReportRequest(_Model):
    """A report: metrics by dimensions and time, of some segments, over a range of days."""

    name: Annotated[str, Field(max_length=200)] = "report"
    time_range: TimeRange = TimeRange()
    metrics: Annotated[
        list[Annotated[Reference, BeforeValidator(_reference)]],
        Field(min_length=1, max_length=100),
    ]
    dimensions: Annotated[
        list[Annotated[Reference, BeforeValidator(_reference)]], Field(max_length=30)
    ] = []
    segments: Annotated[list[Segment], Field(max_length=100)] = []
    grain: Grain | None = None
    order_by: Annotated[list[Annotated[Order, BeforeValidator(_order)]], Field(max_length=30)] = []
    limit: Annotated[int, Field(ge=1, le=100_000_000)] | None = None
    offset: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0
    format: Annotated[str, Field(max_length=20)] | None = None
    totals: bool = False
    compare: Literal["previous_period", "previous_year"] | Comparison | None = None


def parse_request(given: Any) -> ReportRequest:
    """Read a request; raises RequestError for the first thing that is wrong with it."""
    if isinstance(given, ReportRequest):
        return given
    try:
        return ReportRequest.model_validate(given)
    except ValidationError as error:
        field, said = problem(error)
        raise RequestError(f"{field}: {said}" if field else said, field=field or None) from None
