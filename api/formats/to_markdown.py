"""Markdown with tables that are aligned as they stand and render as tables."""

import re
from collections.abc import Iterator

from rich.cells import cell_len

from api.formats.cells import for_people, headline, is_figure, totals_row, visible
from api.formats.notes import notes
from api.report import Report

# What begins emphasis, code, links, HTML, entities, footnotes or ends a cell.
# An underscore within a word is one.
SIGNS = re.compile(r"([\\`*\[\]<>&|~]|(?<![a-zA-Z0-9])_|_(?![a-zA-Z0-9]))")
# Bare addresses become links in many renderers; a leading sign makes a list or heading of a line.
LINKS = re.compile(r"(?i)(?<=http)(s?):|(?<=www)()\.|(@)")


def markdown(report: Report, locale: str) -> Iterator[bytes]:
    """Write title, facts, table and notes."""
    widths = [max(3, cell_len(escaped(column.label))) for column in report.columns]
    rows = [
        [escaped(for_people(row[at.name], at, locale)) for at in report.columns]
        for row in report.rows.to_pylist()
    ]
    if totals := totals_row(report, locale):
        rows.append([f"**{escaped(cell)}**" if cell else "" for cell in totals])
    for row in rows:
        widths = [max(width, cell_len(cell)) for width, cell in zip(widths, row, strict=True)]
    figures = [is_figure(column) for column in report.columns]
    lines = [f"# {escaped(report.name)}", "", f"{escaped(headline(report))}", ""]
    lines.append(_line([escaped(column.label) for column in report.columns], widths, figures))
    rules = (
        "-" * (width - 1) + (":" if figure else "-")
        for width, figure in zip(widths, figures, strict=True)
    )
    lines.append(f"| {' | '.join(rules)} |")
    yield ("\n".join(lines) + "\n").encode()
    for start in range(0, len(rows), 1000):
        written = (_line(row, widths, figures) + "\n" for row in rows[start : start + 1000])
        yield "".join(written).encode()
    yield ("\n" + "".join(f"- {escaped(note)}\n" for note in notes(report))).encode()


def escaped(text: str) -> str:
    """Write a text so that it is shown as it is, in one cell."""
    told = SIGNS.sub(r"\\\1", visible(text))
    told = LINKS.sub(lambda at: f"\\{at[3]}" if at[3] else f"{at[1] or ''}\\{at[0][-1]}", told)
    told = re.sub(r"\r\n|[\r\n\u2028\u2029]", "<br>", told).replace("\t", "&#9;")
    return re.sub(r"^\s+|\s+$", lambda at: "".join(f"&#{ord(sign)};" for sign in at[0]), told)


def _line(cells: list[str], widths: list[int], figures: list[bool]) -> str:
    padded = []
    for cell, width, figure in zip(cells, widths, figures, strict=True):
        space = " " * (width - cell_len(cell))
        padded.append(space + cell if figure else cell + space)
    return f"| {' | '.join(padded)} |"
