"""CSV as RFC 4180 has it, safe to open in a spreadsheet.

Null is an empty field, an empty text is `""`. A text that a spreadsheet would run (it begins with
= + - @, their wide forms, tab or line break) gets a leading apostrophe; so does one that begins
with apostrophes before such a sign, so that taking one away gives every text back. Numbers are
never altered.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from api.formats.cells import exact, is_figure
from api.report import Column, Report

ROWS = 5000
RUN = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
# The semicolon and the tab are no separators here, but some spreadsheets take them for one.
QUOTED = re.compile('[",;\t\r\n]|^ | $')


def csv(report: Report, _: str = "") -> Iterator[bytes]:
    """Write header and rows in chunks; the totals row is no part of the data."""
    yield (",".join(text(column.name) for column in report.columns) + "\r\n").encode()
    writers = [_writer(column) for column in report.columns]
    for batch in report.rows.to_batches(ROWS):
        cells = [
            ["" if value is None else write(value) for value in values.to_pylist()]
            for values, write in zip(batch.columns, writers, strict=True)
        ]
        yield "".join(",".join(row) + "\r\n" for row in zip(*cells, strict=True)).encode()


def text(value: str) -> str:
    """Write a text so that it is one field, and no formula."""
    safe = "'" + value if RUN.match(value) else value
    return '"' + safe.replace('"', '""') + '"' if not safe or QUOTED.search(safe) else safe


def _writer(column: Column) -> Callable[[Any], str]:
    if is_figure(column):
        return exact
    return {"date": str, "boolean": lambda value: str(value).lower()}.get(column.type, text)
