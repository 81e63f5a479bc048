"""Excel: numbers are numbers, days are days, and text is never a formula or a link."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from api.formats.cells import headline, is_figure, is_money, visible
from api.formats.notes import notes
from api.report import Column, Report
from pipeline.errors import UsageError

MOST_ROWS = 1_048_576 - 2  # what a sheet holds, less header and totals
MOST_TEXT = 32_767  # what a cell holds
FIRST_DAY = date(1900, 3, 1)  # days before it are text: Excel counts a day that never was
WIDTH = 16


def xlsx(report: Report, _: str = "") -> Iterator[bytes]:
    """Write a sheet of rows with a totals row, and a sheet that says what it is.

    Raises UsageError where a sheet cannot hold the rows.
    """
    rows = report.rows.num_rows
    if rows > MOST_ROWS:
        raise UsageError(f"{rows:,} rows do not fit into Excel; ask for csv or parquet")
    file = BytesIO()
    with Workbook(file, {"in_memory": True, "nan_inf_to_errors": True}) as book:
        book.set_properties({"created": report.generated_at.astimezone(UTC).replace(tzinfo=None)})
        sheet = book.add_worksheet("Report")
        bold = {"bold": True}
        for at, column in enumerate(report.columns):
            plain, strong = (book.add_format(_style(column) | more) for more in ({}, bold))
            sheet.set_column(at, at, max(WIDTH, len(column.label) + 2))
            _text(sheet, 0, at, column.label, book.add_format(bold))
            write = _writer(column)
            for row, value in enumerate(report.rows.column(at).to_pylist(), 1):
                if value is not None:
                    write(sheet, row, at, value, plain)
            total = (report.totals or {}).get(column.name)
            if total is not None and is_figure(column):
                write(sheet, rows + 1, at, total, strong)
        if report.totals is not None and not is_figure(report.columns[0]):
            _text(sheet, rows + 1, 0, "Total", book.add_format(bold))
        sheet.freeze_panes(1, 0)
        if report.columns:
            sheet.autofilter(0, 0, rows, len(report.columns) - 1)
        _about(book.add_worksheet("About"), report)
    yield file.getvalue()


def _about(sheet: Worksheet, report: Report) -> None:
    sheet.set_column(0, 0, 100)
    for row, line in enumerate((report.name, headline(report), *notes(report))):
        _text(sheet, row, 0, line)


def _style(column: Column) -> dict[str, Any]:
    if column.type == "date":
        return {"num_format": "yyyy-mm-dd", "align": "left"}
    if column.unit == "share":
        return {"num_format": "0.00%"}
    if is_money(column):
        return {"num_format": f'#,##0.00 "{column.unit}"'}
    if is_figure(column):
        return {"num_format": "#,##0" if column.type == "integer" else "#,##0.00"}
    return {}


def _writer(column: Column) -> Callable[..., Any]:
    if is_figure(column):
        return Worksheet.write_number
    return {"date": _day, "boolean": Worksheet.write_boolean}.get(column.type, _text)


def _day(sheet: Worksheet, row: int, at: int, value: date, style: Format) -> None:
    if value < FIRST_DAY:
        _text(sheet, row, at, value.isoformat())
    else:
        sheet.write_datetime(row, at, datetime(value.year, value.month, value.day), style)


def _text(sheet: Worksheet, row: int, at: int, value: str, style: Format | None = None) -> None:
    # Without a style it is to be left out: None is none of xlsxwriter's.
    sheet.write_string(row, at, visible(value)[:MOST_TEXT], *([style] if style else []))
