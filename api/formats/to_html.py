"""HTML that needs nothing else: a page with small charts, or a mail whose styles are inline."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.formats.cells import (
    for_people,
    headline,
    is_figure,
    text_direction,
    totals_row,
    visible,
)
from api.formats.charts import bars, lines
from api.formats.notes import notes
from api.report import Column, Report
from pipeline.settings import PROJECT

TEMPLATES = Environment(
    loader=FileSystemLoader(PROJECT / "api" / "formats" / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def html(report: Report, locale: str) -> Iterator[bytes]:
    """Write a page: light and dark, for screens and for print."""
    return _written("page.html", report, locale)


def email(report: Report, locale: str) -> Iterator[bytes]:
    """Write a mail: tables and inline styles only, which is what mail programs keep."""
    return _written("email.html", report, locale)


def _written(template: str, report: Report, locale: str) -> Iterator[bytes]:
    before = _before(report)
    folded = {at.name for pair in before.values() for at in pair}
    columns = tuple(at for at in report.columns if at.name not in folded)
    shown = replace(report, columns=columns)

    def told(value: Any, at: Column) -> str:
        return visible(for_people(value, at, locale))

    def compared(row: dict[str, Any], at: Column) -> str:
        """Say how a figure changed, in a line under it; nothing where there was none before."""
        if at.name not in before:
            return ""
        previous, change = before[at.name]
        if row.get(previous.name) is None:
            return ""
        sign = "+" if (row.get(change.name) or 0) > 0 else ""
        return f"{sign}{told(row[change.name], change)} from {told(row[previous.name], previous)}"

    def cells(row: dict[str, Any]) -> list[tuple[str, str]]:
        return [(told(row.get(at.name), at), compared(row, at)) for at in columns]

    rows = (row for batch in report.rows.to_batches(1000) for row in batch.to_pylist())
    shares = bars(shown)
    totals = totals_row(shown, locale)
    stream = TEMPLATES.get_template(template).stream(
        lang=locale.replace("_", "-"),
        direction=text_direction(locale),
        title=visible(report.name),
        headline=headline(report),
        columns=[(visible(at.label), is_figure(at)) for at in columns],
        charts=lines(shown, locale),
        rows=((cells(row), shares(row)) for row in rows),
        totals=totals
        and [
            (text, compared(report.totals or {}, at))
            for text, at in zip(totals, columns, strict=True)
        ],
        notes=[visible(note) for note in notes(report)],
    )
    stream.enable_buffering(200)
    return (piece.encode() for piece in stream)


def _before(report: Report) -> dict[str, tuple[Column, Column]]:
    """Give the columns that a figure says under itself: what it was before, and the change."""
    if report.compared is None:
        return {}
    known = {at.name: at for at in report.columns}
    return {
        name: (known[f"{name}_previous"], known[f"{name}_change"])
        for name in known
        if {f"{name}_previous", f"{name}_change"} <= known.keys()
    }
