"""HTML that needs nothing else: a page with small charts, or a mail whose styles are inline."""

from collections.abc import Iterator
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
from api.report import Report
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
    def cells(row: dict[str, Any]) -> list[str]:
        return [visible(for_people(row.get(at.name), at, locale)) for at in report.columns]

    rows = (row for batch in report.rows.to_batches(1000) for row in batch.to_pylist())
    shares = bars(report)
    stream = TEMPLATES.get_template(template).stream(
        lang=locale.replace("_", "-"),
        direction=text_direction(locale),
        title=visible(report.name),
        headline=headline(report),
        columns=[(visible(at.label), is_figure(at)) for at in report.columns],
        charts=lines(report, locale),
        rows=((cells(row), shares(row)) for row in rows),
        totals=totals_row(report, locale),
        notes=[visible(note) for note in notes(report)],
    )
    stream.enable_buffering(200)
    return (piece.encode() for piece in stream)
