"""Small charts of a report: lines over time, or bars that compare rows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from api.formats.cells import for_people, is_figure, one_line
from api.report import Column, Report

WIDTH, HEIGHT = 260, 56
MOST_CHARTS, MOST_POINTS = 4, 400
BLOCKS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class Line:
    """A metric over time: pieces of a line between gaps, and the same as a line of blocks."""

    label: str
    pieces: tuple[str, ...]
    blocks: str
    lowest: str
    highest: str
    last: str
    first_day: date
    last_day: date
    width: int = WIDTH
    height: int = HEIGHT


def lines(report: Report, locale: str) -> list[Line]:
    """Draw the first metrics, where a day, week or month is all that tells the rows apart."""
    dimensions = [at for at in report.columns if not is_figure(at) and at.type != "boolean"]
    times = [column for column in dimensions if column.type == "date"]
    rows = report.rows.num_rows
    if len(times) != 1 or len(dimensions) > 1 or not 2 <= rows <= MOST_POINTS:
        return []
    metrics = [column for column in report.columns if is_figure(column)][:MOST_CHARTS]
    ordered = sorted(
        (row for row in report.rows.to_pylist() if row[times[0].name] is not None),
        key=lambda row: row[times[0].name],
    )
    days = [row[times[0].name] for row in ordered]
    drawn = (
        _line(metric, days, [row[metric.name] for row in ordered], locale) for metric in metrics
    )
    return [line for line in drawn if line is not None]


def bars(report: Report) -> Callable[[dict[str, Any]], tuple[int, int] | None]:
    """Give what tells for a row the column of its bar and its length in percent.

    The bar is of the first additive metric; there is none where time tells the rows apart.
    """
    timed = any(column.type == "date" for column in report.columns)
    found = [
        (at, column)
        for at, column in enumerate(report.columns)
        if is_figure(column) and column.additivity == "additive"
    ]
    values = [] if timed or not found else report.rows.column(found[0][1].name).to_pylist()
    highest = max((value for value in values if value is not None), default=0)
    if len(values) < 2 or highest <= 0:
        return lambda _: None
    at, column = found[0]
    return lambda row: (at, max(0, round(100 * (row[column.name] or 0) / highest)))


def _line(column: Column, days: list[date], values: list[Any], locale: str) -> Line | None:
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return None
    lowest, highest = min(known), max(known)
    # Counts and money begin at 0, so that a small change does not look like a large one.
    base = min(float(lowest), 0.0) if column.additivity == "additive" else float(lowest)
    span = float(highest) - base or 1.0
    period = max(1, (days[-1] - days[0]).days)
    pieces, piece, blocks = [], [], []
    for day, value in zip(days, values, strict=True):
        if value is None:
            pieces.append(piece)
            piece = []
            blocks.append(" ")
            continue
        share = (float(value) - base) / span
        x = 2 + (WIDTH - 4) * (day - days[0]).days / period
        piece.append(f"{x:.1f},{2 + (HEIGHT - 4) * (1 - share):.1f}")
        blocks.append(BLOCKS[min(7, max(0, int(share * 8)))])
    return Line(
        label=one_line(column.label),
        pieces=tuple(" ".join(points) for points in [*pieces, piece] if points),
        blocks="".join(blocks[-60:]),
        lowest=for_people(lowest, column, locale),
        highest=for_people(highest, column, locale),
        last=for_people(known[-1], column, locale),
        first_day=days[0],
        last_day=days[-1],
    )
