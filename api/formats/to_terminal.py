"""A table for a terminal: no colour, no escape sequence, whatever the names hold."""

import shutil
from collections.abc import Iterator
from io import StringIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.formats.cells import for_people, headline, is_figure, one_line, totals_row
from api.formats.notes import notes
from api.report import Column, Report

TEXT = 12  # texts are folded, but not to less than this
BETWEEN = 3  # blanks around a column and the line beside it


def table(report: Report, locale: str) -> Iterator[bytes]:
    """Write the table as wide as the terminal, or as its figures need."""
    drawn = Table(box=box.SIMPLE_HEAD, show_footer=report.totals is not None)
    totals = totals_row(report, locale) or [""] * len(report.columns)
    for column, total in zip(report.columns, totals, strict=True):
        drawn.add_column(
            Text(one_line(column.label)),
            Text(total),
            justify="right" if is_figure(column) else "left",
            overflow="fold",
            min_width=_width(report, column, locale),
        )
    for batch in report.rows.to_batches(1000):
        for row in batch.to_pylist():
            values = zip(report.columns, row.values(), strict=True)
            drawn.add_row(*(Text(one_line(for_people(one, at, locale))) for at, one in values))
    written = StringIO()
    least = 1 + sum(BETWEEN + (column.min_width or 0) for column in drawn.columns)
    console = Console(file=written, width=max(least, shutil.get_terminal_size().columns))
    console.print(Text(f"{one_line(report.name)}: {headline(report)}"))
    console.print(drawn)
    for note in notes(report):
        console.print(Text(one_line(note)))
    yield written.getvalue().encode()


def _width(report: Report, column: Column, locale: str) -> int:
    """Give the width below which a column is not readable: figures are never folded."""
    words = max(map(len, column.label.split()), default=1)
    if not is_figure(column):
        return min(TEXT, words)
    values = [*report.rows.column(column.name).to_pylist(), (report.totals or {}).get(column.name)]
    return max(words, *(len(for_people(value, column, locale)) for value in values))
