"""From a request to one SQL statement over the coarsest mart that has what is asked.

A frame is a set of days that figures are added up over: the range itself, the days before it that
it is compared with, or the days up to the end of each period (7 days, month to date). One frame is
one GROUP BY; several are put side by side. Names come from the catalogue, values are bound.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from api.catalogue import DATE, GRAINS, TIME, WITHIN_CURRENCY, Catalogue, Mart, Metric, Window
from api.errors import RequestError, unknown
from api.request import Comparison, ReportRequest
from api.segments import Resolver, single_values

PARTIAL = "is_partial"
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Shift:
    """How days of the range go back to the days they are compared with."""

    start: date
    end: date
    days: int = 0
    years: int = 0

    def back(self, day: str) -> str:
        """SQL of the day that a day of the range is compared with."""
        return f"cast({day} - interval 1 year as date)" if self.years else f"{day} - {self.days}"

    def forth(self, day: str) -> str:
        """SQL of the day of the range that a day before it stands for."""
        return f"cast({day} + interval 1 year as date)" if self.years else f"{day} + {self.days}"


@dataclass(frozen=True)
class Frame:
    """Days to add up: of the range or of what it is compared with, as they are or in a window."""

    shift: Shift | None = None
    window: Window | None = None


@dataclass(frozen=True)
class Output:
    """A column of the answer; `metric` is None for dimensions, the date and is_partial."""

    name: str
    sql: str
    metric: Metric | None = None
    role: str = "value"  # value, previous or change


@dataclass
class Plan:
    """A statement with its parameters and the columns that it gives."""

    sql: str
    parameters: dict[str, Any]
    columns: list[Output]
    mart: Mart


@dataclass
class Question:
    """A request whose names are resolved."""

    catalogue: Catalogue
    start: date
    end: date
    metrics: list[Metric]
    dimensions: list[str]  # columns, the date among them
    grain: str | None
    segments: Sequence[Any]
    condition: str
    parameters: dict[str, Any]
    filtered: frozenset[str]  # columns of the condition
    mart: Mart
    shift: Shift | None = None
    order: list[tuple[str, str]] = field(default_factory=list)


def resolve(request: ReportRequest, catalogue: Catalogue, last_day: date, check: Any) -> Question:
    """Find out what a request means; raises RequestError for what has no answer."""
    start, end = _range(request, last_day)
    metrics = [catalogue.metric(one.name) for one in request.metrics]
    metrics = list({metric.name: metric for metric in metrics}.values())
    columns, grain = _dimensions(request, catalogue)

    def column(name: str) -> str:
        if name in TIME:
            raise RequestError(
                f"{name}: days are chosen by time_range, not by a segment", "segment", "segments"
            )
        dimension = catalogue.dimension(name, "segments")
        if name not in catalogue.columns:
            own = [one for one in dimension.columns if one.startswith(name)]
            raise RequestError(
                f"{name} has several columns: say {' or '.join(own)}", "ambiguous", "segments", own
            )
        return name

    resolver = Resolver(catalogue.segments, column, check)
    condition = resolver.sql(request.segments)
    question = Question(
        catalogue,
        start,
        end,
        metrics,
        columns,
        grain,
        request.segments,
        condition,
        dict(resolver.parameters),
        frozenset(resolver.columns),
        catalogue.marts[0],
    )
    question.mart = _mart(question)
    question.shift = _shift(request, question)
    _check_currencies(question)
    question.order = _order(request, question)
    return question


def compile_rows(question: Question, limit: int, offset: int) -> Plan:
    """Write the statement of the rows; it is sorted wholly, so that pages fit together."""
    sql, columns = _select(question)
    order = ", ".join(f'"{name}" {way} nulls last' for name, way in question.order)
    sql += f"\norder by {order}" if order else ""
    sql = f"{sql}\nlimit $limit offset $offset"
    parameters = question.parameters | _bounds(question) | {"limit": limit, "offset": offset}
    return Plan(sql, used(sql, parameters), columns, question.mart)


def compile_totals(question: Question) -> Plan:
    """Write the statement of the totals: the same figures over everything, in one row."""
    whole = replace(question, dimensions=[], grain=None)
    whole.mart = _mart(whole)
    one_currency = _one_currency(question)
    whole.metrics = [
        metric
        for metric in question.metrics
        if one_currency or metric.additivity != WITHIN_CURRENCY
    ]
    if not whole.metrics:
        return Plan("select true where false", {}, [], whole.mart)
    sql, columns = _select(whole)
    return Plan(sql, used(sql, question.parameters | _bounds(whole)), columns, whole.mart)


def first_day(question: Question, start: date, end: date) -> date:
    """Give the first day that figures of a range rest on: windows reach back before it."""
    last = start if question.grain else end
    days = [start]
    for window in (one for metric in question.metrics for one in _windows(question, metric)):
        if window.since:
            months = {"month": 1, "quarter": 3, "year": 12}[window.since]
            days.append(last.replace(month=(last.month - 1) // months * months + 1, day=1))
        else:
            days.append(last - timedelta(days=(window.days or 1) - 1 + window.offset))
    return min(days)


def _windows(question: Question, metric: Metric, offset: int = 0) -> Iterator[Window]:
    if metric.window:
        yield replace(metric.window, offset=offset)
        return
    for one in metric.inputs:
        yield from _windows(question, question.catalogue.metrics[one.metric], one.offset)


def used(sql: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Keep the parameters that a statement names: DuckDB refuses others."""
    return {name: parameters[name] for name in re.findall(r"\$(\w+)", sql)}


def _range(request: ReportRequest, last_day: date) -> tuple[date, date]:
    end = request.time_range.end_date or last_day
    start = request.time_range.start_date or end - timedelta(days=27)
    if start > end:
        raise RequestError(
            f"the range starts on {start}, after its end {end}", "time_range", "time_range"
        )
    return start, end


def _dimensions(request: ReportRequest, catalogue: Catalogue) -> tuple[list[str], str | None]:
    """Give the columns to group by, each once, and the grain of the date among them."""
    columns: dict[str, None] = {}
    grains = {request.grain} if request.grain else set()
    for one in request.dimensions:
        dimension = catalogue.dimension(one.name)
        columns |= dict.fromkeys(dimension.columns)
        grain = TIME.get(one.name)
        if grain:
            grains.add(grain)
    if len(grains) > 1:
        told = ", ".join(sorted(grains, key=GRAINS.index))
        raise RequestError(f"one grain at a time, not {told}", "grain", "grain")
    if DATE in columns:
        return list(columns), next(iter(grains), "day")
    if grains:
        return [DATE, *columns], grains.pop()
    return list(columns), None


def _mart(question: Question) -> Mart:
    """Pick the coarsest mart with all dimensions and measures; all of them add up to the same."""
    wanted = {name for name in question.dimensions if name != DATE} | question.filtered
    measures = {name for metric in question.metrics for name in _measures(question, metric)}
    for mart in question.catalogue.marts:
        if mart.dimensions >= wanted and set(mart.measures) >= measures:
            return mart
    known = question.catalogue.marts
    campaign = next(mart for mart in known if {"campaign_id", "currency"} <= mart.dimensions)
    raise RequestError(
        f"no report that is collected splits {' and '.join(sorted(measures))} by "
        f"{' and '.join(sorted(wanted - campaign.dimensions))} at once",
        "no_such_split",
        "dimensions",
    )


def _measures(question: Question, metric: Metric) -> set[str]:
    if metric.kind == "simple":
        return {metric.name}
    return {
        name
        for one in metric.inputs
        for name in _measures(question, question.catalogue.metrics[one.metric])
    }


def _one_currency(question: Question) -> bool:
    values = single_values(_expanded(question.segments, question.catalogue), "currency")
    return values is not None and len(values) == 1


def _expanded(segments: Sequence[Any], catalogue: Catalogue) -> list[Any]:
    return [
        catalogue.segments[one.name].definition
        if getattr(one, "name", None) in catalogue.segments
        else one
        for one in segments
    ]


def _check_currencies(question: Question) -> None:
    for metric in question.metrics:
        if (
            metric.additivity == WITHIN_CURRENCY
            and "currency" not in question.dimensions
            and not _one_currency(question)
        ):
            raise RequestError(
                f"{metric.name} is in each account's own currency, which do not add up: add the "
                "dimension currency or keep to one currency by a segment, or ask for "
                f"{metric.name.removesuffix('_local')} in {question.catalogue.currency}",
                "mixed_currencies",
                "metrics",
            )


def _shift(request: ReportRequest, question: Question) -> Shift | None:
    start, end = question.start, question.end
    length = (end - start).days + 1
    match request.compare:
        case None:
            return None
        case "previous_period":
            return Shift(start - timedelta(days=length), start - timedelta(days=1), length)
        case "previous_year":
            return Shift(_year_before(start), _year_before(end), years=1)
        case Comparison(start_date=first, end_date=last):
            if first > last:
                raise RequestError(
                    f"compare starts on {first}, after its end {last}", "time_range", "compare"
                )
            if question.grain and (last - first).days + 1 != length:
                raise RequestError(
                    f"by {question.grain}, compare needs as many days as the range: {length}, not "
                    f"{(last - first).days + 1}",
                    "time_range",
                    "compare",
                )
            # Windows end where the ranges end; by date both have one length, so that is the same.
            return Shift(first, last, (end - last).days)
    return None


def _year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


def _order(request: ReportRequest, question: Question) -> list[tuple[str, str]]:
    """Give the columns to sort by; the dimensions come last, so that no two rows are equal."""
    names = _names(question)
    order = {}
    for one in request.order_by:
        name = DATE if one.name in TIME and DATE in names else one.name
        if name not in names:
            raise unknown("column of this report", one.name, names, "order_by")
        order.setdefault(name, one.direction)
    dates_first = sorted(question.dimensions, key=lambda name: name != DATE)
    for name in dates_first:
        order.setdefault(name, "asc")
    return list(order.items())


def _names(question: Question) -> list[str]:
    figures = [
        f"{metric.name}{ending}"
        for metric in question.metrics
        for ending in ("", "_previous", "_change")[: 3 if question.shift else 1]
    ]
    return [*question.dimensions, *figures]


def _bounds(question: Question) -> dict[str, Any]:
    bounds = {"start": question.start, "end": question.end}
    if question.shift:
        bounds |= {"before_start": question.shift.start, "before_end": question.shift.end}
    return bounds


def _select(question: Question) -> tuple[str, list[Output]]:
    slots: dict[tuple[Frame, str], str] = {}
    figures = []
    for metric in question.metrics:
        value = _expression(question, metric, Frame(), slots)
        figures.append(Output(metric.name, value, metric))
        if question.shift:
            before = _expression(question, metric, Frame(question.shift), slots)
            change = f"({value} - ({before})) / nullif({before}, 0)"
            if metric.kind in ("simple", "cumulative"):
                change = f"cast({value} - {before} as double) / nullif(cast({before} as double), 0)"
            figures.append(Output(f"{metric.name}_previous", before, metric, "previous"))
            figures.append(Output(f"{metric.name}_change", change, metric, "change"))
    columns = []
    for name in question.dimensions:
        columns.append(Output(name, f'"{name}"'))
        if name == DATE and question.grain != "day":
            last = _period_end(question)
            columns.append(Output(PARTIAL, f'"{DATE}" < $start or {last} > $end'))
    columns += figures
    listed = ",\n    ".join(f'{column.sql} as "{column.name}"' for column in columns)
    return f"with\n{_sums(question, slots)}\nselect\n    {listed}\nfrom sums", columns


def _expression(
    question: Question, metric: Metric, frame: Frame, slots: dict[tuple[Frame, str], str]
) -> str:
    """Write a metric over the slots, one a measure and frame, and ask for those it needs."""
    metrics = question.catalogue.metrics
    if metric.kind == "simple":
        return slots.setdefault((frame, metric.name), f"s{len(slots)}")
    if metric.kind == "cumulative":
        assert metric.window is not None
        offset = frame.window.offset if frame.window else 0
        window = replace(metric.window, offset=offset)
        inner = metrics[metric.inputs[0].metric]
        return _expression(question, inner, Frame(frame.shift, window), slots)
    parts = {
        one.alias: _expression(
            question,
            metrics[one.metric],
            replace(frame, window=Window(offset=one.offset)) if one.offset else frame,
            slots,
        )
        for one in metric.inputs
    }
    if metric.kind == "ratio":
        above, below = parts.values()
        return f"cast({above} as double) / nullif(cast({below} as double), 0)"
    return re.sub(
        r"\w+",
        lambda word: f"({parts[word[0]]})" if word[0] in parts else word[0],
        metric.expression,
    )


def _sums(question: Question, slots: Mapping[tuple[Frame, str], str]) -> str:
    """Write the CTEs that end in `sums`: the groups with every slot."""
    frames = list(dict.fromkeys(frame for frame, _ in slots))
    keys = [f'"{name}"' for name in question.dimensions]
    parts = [_frame(question, frame, slots) for frame in frames]
    ctes = []
    if any(frame.window for frame in frames):
        ctes.append(_periods(question))
    if len(parts) == 1:
        return ",\n".join([*ctes, f"sums as (\n{parts[0]}\n)"])
    listed = ",\n    ".join([*keys, *(f"any_value({slot}) as {slot}" for slot in slots.values())])
    group = f"\ngroup by {', '.join(keys)}" if keys else ""
    ctes.append("parts as (\n" + "\nunion all\n".join(parts) + "\n)")
    ctes.append(f"sums as (\nselect\n    {listed}\nfrom parts{group}\n)")
    return ",\n".join(ctes)


def _frame(
    question: Question,
    frame: Frame,
    slots: Mapping[tuple[Frame, str], str],
) -> str:
    """Write the groups of one frame, with null in the slots of the others."""
    mart = question.mart
    catalogue = question.catalogue
    own = {name: slot for (of, name), slot in slots.items() if of == frame}
    measured = {name: catalogue.metrics[name].expression for name in own}
    names = [name for name in question.dimensions if name != DATE]
    first, last = ("$before_start", "$before_end") if frame.shift else ("$start", "$end")
    if frame.window is None:
        source = mart.sql
        where = f'"{mart.day}" between {first} and {last} and {question.condition}'
        day = f'"{mart.day}"'
        day = _period(question, f"({frame.shift.forth(day)})" if frame.shift else day)
    else:
        # Days first: a window reads each of them many times.
        daily = ", ".join([f'"{name}"' for name in (*names, mart.day)])
        added = ", ".join(f"sum({sql}) as {own[name]}" for name, sql in measured.items())
        source = (
            f'(select {daily}, {added} from {mart.sql} where "{mart.day}" between '
            f"{_window_start(frame, first)} and {last} and {question.condition} "
            f'group by {daily}) as days inner join periods on days."{mart.day}" between '
            f"{_window_start(frame, _window_end(frame))} and {_window_end(frame)}"
        )
        where = "true"
        day = f'periods."{DATE}"'
        measured = {name: own[name] for name in own}
    keys = [f'{day} as "{DATE}"' if name == DATE else f'"{name}"' for name in question.dimensions]
    sums = []
    for (of, name), slot in slots.items():
        kind = mart.measures[name]
        value = f"sum({measured[name]})" if of == frame else "null"
        sums.append(f"cast({value} as {kind}) as {slot}")
    group = ", ".join(str(index + 1) for index in range(len(keys)))
    listed = ",\n    ".join([*keys, *sums])
    text = f"select\n    {listed}\nfrom {source}\nwhere {where}"
    return f"{text}\ngroup by {group}" if group else text


def _periods(question: Question) -> str:
    if question.grain is None:
        return "periods as (select cast($end as date) as last_day)"
    period = _period(question, "day")
    return (
        f'periods as (\nselect {period} as "{DATE}", max(day) as last_day from (\n'
        "    select cast(unnest(generate_series(\n"
        "        cast($start as timestamp), cast($end as timestamp), interval 1 day\n"
        "    )) as date) as day\n) as range_days\ngroup by 1\n)"
    )


def _window_end(frame: Frame) -> str:
    assert frame.window is not None
    day = "periods.last_day"
    day = f"({frame.shift.back(day)})" if frame.shift else day
    return f"({day} - {frame.window.offset})" if frame.window.offset else day


def _window_start(frame: Frame, last: str) -> str:
    """SQL of the first day of the window that ends on a day."""
    assert frame.window is not None
    if frame.window.since:
        return f"cast(date_trunc('{frame.window.since}', {last}) as date)"
    days = (frame.window.days or 1) - 1
    if last.startswith("$"):
        return f"{last} - {days + frame.window.offset}"
    return f"{last} - {days}"


def _period(question: Question, day: str) -> str:
    """SQL of the first day of the period that a day is in."""
    grain = question.grain
    if grain in (None, "day"):
        return day
    back = DAYS.index(question.catalogue.week_start) if grain == "week" else 0
    if back:
        return f"cast(date_trunc('week', {day} - {back}) as date) + {back}"
    return f"cast(date_trunc('{grain}', {day}) as date)"


def _period_end(question: Question) -> str:
    return f'cast("{DATE}" + interval 1 {question.grain} as date) - 1'
