"""Every format gives back every name and figure; nothing in a report is ever run."""

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from markdown_it import MarkdownIt
from rich.cells import cell_len

from api.engine import Reports
from api.formats import FORMATS, render
from api.formats.cells import for_people, visible
from api.formats.to_csv import RUN
from api.report import Column, Report
from pipeline.errors import UsageError
from tests.api.reports import COLUMNS, NASTY, REPORTS, report, rows_of

DAY = date(2026, 1, 5)
NAMES = report([{"campaign_name": text, "impressions": at} for at, text in enumerate(NASTY)])
PLAIN = report(
    [
        {
            "campaign_name": "A",
            "date_day": DAY,
            "impressions": 1234567,
            "cost": Decimal("1234.567890123"),
            "cpc": Decimal("0.0042"),
            "ctr": 0.0131,
            "is_complete": True,
        },
        {"campaign_name": None, "impressions": 0, "cost": Decimal(0)},
    ],
    {"impressions": 1234567, "cost": Decimal("1234.567890123"), "ctr": 0.0131},
)
any_report = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def as_shown(value: Any, column: Column, locale: str = "en_US") -> str:
    return visible(for_people(value, column, locale))


def shown(data: Report) -> list[list[str]]:
    """What a human format shows of each row."""
    return [
        [as_shown(value, at) for value, at in zip(row, COLUMNS, strict=True)]
        for row in rows_of(data)
    ]


def one_space(cells: list[list[str]]) -> list[list[str]]:
    """As a page shows texts: runs of blanks are one, line breaks are line breaks."""
    return [[re.sub("\r\n|[\r\u2028\u2029]", "\n", cell) for cell in row] for row in cells]


@any_report
@given(REPORTS)
@example(NAMES)
def test_json_gives_back_every_digit(data: Report) -> None:
    answer = json.loads(render(data, "json"), parse_float=Decimal, parse_int=Decimal)
    assert list(answer) == [
        *("name", "time_range", "currency", "columns", "data"),
        *("row_count", "grain", "compared", "next_offset", "snapshot", "coverage", "generated_at"),
    ]
    assert answer["row_count"] == len(answer["data"]) == data.rows.num_rows
    for told, row in zip(answer["data"], data.rows.to_pylist(), strict=True):
        for column in COLUMNS:
            value = row[column.name]
            if value is not None and column.type == "date":
                value = value.isoformat()
            if value is not None and column.type == "double":
                assert float(told[column.name]) == value
            else:
                assert told[column.name] == value


def test_json_has_the_shape_of_the_contract() -> None:
    answer = json.loads(render(PLAIN, "json"))
    assert answer["time_range"] == {"start_date": "2026-01-01", "end_date": "2026-01-31"}
    assert answer["columns"][3]["unit"] == "USD" and answer["columns"][3]["type"] == "decimal"
    assert answer["data"][0]["cost"] == 1234.567890123
    assert answer["data"][1]["cost"] == 0 and answer["data"][1]["ctr"] is None
    assert answer["totals"]["cost"] == 1234.567890123
    large = report([{"impressions": at} for at in range(4321)])
    assert [row["impressions"] for row in json.loads(render(large, "json"))["data"]] == list(
        range(4321)
    )


@any_report
@given(REPORTS)
@example(NAMES)
def test_csv_gives_back_everything_and_no_text_is_a_formula(data: Report) -> None:
    written = render(data, "csv").decode()
    assert not written.replace("\r\n", "").endswith("\n") or "\n" in "".join(
        map(str, rows_of(data))
    )
    header, *rows = csv.reader(io.StringIO(written, newline=""))
    assert header == [column.name for column in COLUMNS]
    read: dict[str, Callable[[str], Any]] = {
        "text": lambda text: text[1:] if text[:1] == "'" and RUN.match(text) else text,
        "date": date.fromisoformat,
        "integer": int,
        "decimal": Decimal,
        "double": float,
        "boolean": {"true": True, "false": False}.__getitem__,
    }
    for told, row in zip(rows, rows_of(data), strict=True):
        assert not re.match("[=+\\-@\t\r\n＝＋－＠]", told[0])
        found = [
            None if text == "" else read[at.type](text)
            for text, at in zip(told, COLUMNS, strict=True)
        ]
        assert found == [None if value == "" else value for value in row]


def test_csv_tells_an_empty_text_from_none_and_leaves_numbers_alone() -> None:
    data = report([{"campaign_name": "", "cost": Decimal("-1.50")}, {}])
    assert render(data, "csv").decode().split("\r\n")[1:] == ['"",,,-1.5,,,', ",,,,,,", ""]


@any_report
@given(REPORTS)
@example(NAMES)
@example(PLAIN)
def test_parquet_holds_the_same_types_and_rows(data: Report) -> None:
    table = pq.read_table(io.BytesIO(render(data, "parquet")))
    assert table.schema.equals(data.rows.schema)
    assert table.to_pylist() == data.rows.to_pylist()
    assert table.schema.field("cost").metadata[b"unit"] == b"USD"
    assert json.loads(table.schema.metadata[b"report"])["row_count"] == data.rows.num_rows


@any_report
@given(REPORTS)
@example(NAMES)
@example(PLAIN)
def test_excel_has_numbers_and_texts_and_no_formula(data: Report) -> None:
    book = openpyxl.load_workbook(io.BytesIO(render(data, "xlsx")))
    lines = list(book["Report"].iter_rows())
    assert not any(cell.data_type == "f" or cell.hyperlink for line in lines for cell in line)
    for line, row in zip(lines[1:], rows_of(data), strict=False):
        for cell, value, column in zip(line, row, COLUMNS, strict=True):
            found = cell.value
            if column.type == "text":
                assert (found or "") == visible(value or "").replace("\r\n", "\n") or (
                    "\r" in value
                )
            elif isinstance(found, datetime):
                assert found.date() == value
            elif value is not None and isinstance(value, (int, float, Decimal)):
                # A spreadsheet's numbers have 15 digits, written with 16.
                assert found == pytest.approx(float(value), rel=1e-15)
            else:
                assert found == (value.isoformat() if isinstance(value, date) else value)


class Cells(HTMLParser):
    """The texts of a page's table cells, and every element and attribute of the page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.words: list[str] = []
        self.inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.words += [value or "" for _, value in attrs]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.inside = True
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.rows[-1][-1] += data


@any_report
@given(REPORTS)
@example(NAMES)
@example(PLAIN)
def test_html_shows_names_as_they_are_and_asks_for_nothing(data: Report) -> None:
    for name in ("html", "email"):
        page = render(data, name).decode()
        found = Cells(page)
        assert found.rows[0] == [column.label for column in COLUMNS]
        assert found.rows[1 : 1 + data.rows.num_rows] == shown(data)
        assert not found.tags & {"script", "img", "link", "iframe", "object", "form", "b"} - {"b"}
        assert not {one for one in found.attributes if one.startswith("on")}
        assert not found.attributes & {"src", "href", "srcset", "action", "background"}
        assert "url(" not in page.split("</head>")[0] and "@import" not in page


@any_report
@given(REPORTS)
@example(NAMES)
@example(PLAIN)
def test_markdown_renders_to_the_same_cells_in_aligned_lines(data: Report) -> None:
    written = render(data, "markdown").decode()
    table = [line for line in written.split("\n") if line.startswith("|")]
    assert len({cell_len(line) for line in table}) == 1
    page = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(written)
    found = Cells(page.replace("<br>", "&#10;"))
    assert found.rows[0] == [column.label for column in COLUMNS]
    assert one_space(found.rows[1 : 1 + data.rows.num_rows]) == one_space(shown(data))
    assert found.tags <= {
        *("h1", "p", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "strong"),
    }


@any_report
@given(REPORTS)
@example(NAMES)
@example(PLAIN)
def test_a_terminal_is_never_steered(data: Report) -> None:
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", render(data, "table").decode())


def test_figures_are_written_by_unit_and_locale() -> None:
    def cells(locale: str) -> list[str]:
        return [
            for_people(value, column, locale).replace("\xa0", " ").replace("\u202f", " ")
            for value, column in zip(rows_of(PLAIN)[0], COLUMNS, strict=True)
        ]

    assert cells("en_US") == [
        *("A", "2026-01-05", "1,234,567", "$1,234.57", "$0.0042", "1.31%", "yes")
    ]
    assert cells("de_DE")[2:6] == ["1.234.567", "1.234,57 $", "0,0042 $", "1,31 %"]
    assert cells("fr_FR")[2:4] == ["1 234 567", "1 234,57 $US"]
    page = render(PLAIN, "html", "ar-EG").decode()
    assert 'lang="ar-EG" dir="rtl"' in page
    yen = Column("cost", "decimal", "Cost", "JPY")
    assert for_people(Decimal("1234.4"), yen, "en_US") == "¥1,234"


def test_null_is_a_dash_and_zero_is_zero() -> None:
    _, row = shown(PLAIN)
    assert row[0] == "–" and row[2] == "0" and row[3] == "$0.00" and row[5] == "–"
    assert "**$1,234.57**" in render(PLAIN, "markdown").decode()


def only(data: Report, *names: str) -> Report:
    columns = tuple(one for one in COLUMNS if one.name in names)
    return replace(data, columns=columns, rows=data.rows.select(names))


def test_days_are_drawn_as_lines_and_names_as_bars() -> None:
    costs = [None if at == 8 else Decimal(at) for at in range(1, 20)]
    rows = [{"date_day": date(2026, 1, at), "cost": cost} for at, cost in enumerate(costs, 1)]
    days = only(report(rows), "date_day", "cost")
    page, mail = (render(days, name).decode() for name in ("html", "email"))
    assert page.count("<svg") == 1 and page.count("<polyline") == 2
    assert "▁" in mail and "<svg" not in mail
    rows = [{"campaign_name": name, "cost": Decimal(cost)} for name, cost in (("A", 2), ("B", 1))]
    page = render(only(report(rows), "campaign_name", "cost"), "html").decode()
    assert re.findall(r'class="bar" style="width:(\d+)%"', page) == ["100", "50"]


@pytest.mark.parametrize("locale", ["", "xx_YY", "../../etc/passwd", "en_US\n", "{{7*7}}", "é"])
def test_a_locale_that_is_none_is_refused(locale: str) -> None:
    with pytest.raises(UsageError, match="no locale"):
        render(PLAIN, "html", locale)


def test_a_format_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="did you mean csv"):
        render(PLAIN, "cvs")


def test_every_format_of_the_same_report_is_the_same(tmp_path: Path) -> None:
    for name in FORMATS:
        once = render(PLAIN, name)
        (tmp_path / name).write_bytes(once)
        assert once == render(PLAIN, name), name


@pytest.mark.parametrize("format_name", ["html", "email"])
def test_a_comparison_stands_under_its_figure(reports: Reports, format_name: str) -> None:
    """What a figure was before needs no column of its own, so that a mail stays narrow."""
    told = reports.query(
        metrics=["cost", "roas"],
        by=["platform"],
        since="2026-02-01",
        until="2026-02-28",
        totals=True,
        compare="previous_period",
    )
    head, *rows, total = Cells(render(told, format_name).decode()).rows
    assert head == ["Platform", "Cost", "Return on ad spend"]
    known = {at.name: at for at in told.columns}

    def cell(row: dict[str, Any], name: str) -> str:
        value, was, change = (
            as_shown(row[each], known[each])
            for each in (name, f"{name}_previous", f"{name}_change")
        )
        sign = "+" if (row[f"{name}_change"] or 0) > 0 else ""
        return value if row[f"{name}_previous"] is None else f"{value}{sign}{change} from {was}"

    expected = [[row["platform"], cell(row, "cost"), cell(row, "roas")] for row in told.to_pylist()]
    assert rows == expected
    assert any(" from " in text for row in rows for text in row)
    assert told.totals is not None
    assert total == ["Total", cell(told.totals, "cost"), cell(told.totals, "roas")]
