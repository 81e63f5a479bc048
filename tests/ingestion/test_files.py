"""The file collector: any dialect in, nothing lost, the same slices whatever the order."""

import csv
import gzip
import io
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.contract import Window
from ingestion.parse import Parser
from ingestion.readers import Row
from ingestion.spec import Spec
from pipeline.errors import CampaignsError
from tests.conftest import Bench

SPEC = """
name: shop
files: "*.csv"
constants: {platform: google_ads, account_id: a1, currency: EUR}
columns: {date: Day, campaign_name: Campaign, clicks: Clicks, cost: Cost}
"""
TOTALS = "select count(*), sum(clicks), sum(cost) from raw_files.performance"
BY_DAY = "select cast(date as varchar), sum(cost) from raw_files.performance group by 1 order by 1"


def export(*rows: tuple[str, str, int, str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([("Day", "Campaign", "Clicks", "Cost"), *rows])
    return text.getvalue()


JANUARY = export(("2026-01-01", "A", 10, "1.50"), ("2026-01-02", "A", 20, "2.25"))


def test_a_file_loaded_twice_changes_nothing(bench: Bench) -> None:
    bench.write("spec.yml", SPEC)
    bench.write("a.csv", JANUARY)
    assert bench.collect().rows == 2
    assert bench.collect().rows == 0
    bench.write("copy of a.csv", JANUARY)
    assert bench.collect().rows == 0
    assert bench.collect(window=Window(full_refresh=True)).rows == 2
    assert bench.rows(TOTALS) == [(2, 30, Decimal("3.75"))]


def test_a_corrected_file_replaces_its_slices_and_vanished_days_vanish(bench: Bench) -> None:
    bench.write("spec.yml", SPEC)
    bench.write("a.csv", JANUARY)
    bench.collect()
    bench.write("a.csv", export(("2026-01-02", "B", 5, "9.00")))
    bench.collect()
    assert bench.rows(BY_DAY) == [("2026-01-02", Decimal("9.00"))]
    told = bench.rows(
        "select cast(date as varchar), status, detail from raw_files.receipts "
        "order by read_at, date"
    )
    assert ("2026-01-01", "empty", "no longer in the file") in told


def test_a_day_that_a_later_file_loses_comes_back_from_the_older_one(bench: Bench) -> None:
    bench.write("spec.yml", SPEC)
    bench.write("a.csv", JANUARY)
    bench.write("b.csv", export(("2026-01-02", "A", 21, "3.00"), ("2026-01-03", "A", 1, "1.00")))
    bench.collect()
    assert bench.rows(BY_DAY)[1] == ("2026-01-02", Decimal("3.00"))
    assert any("left to a later file" in line for line in bench.said)
    bench.write("b.csv", export(("2026-01-03", "A", 1, "1.00")))
    bench.collect()
    assert bench.rows(BY_DAY) == [
        ("2026-01-01", Decimal("1.50")),
        ("2026-01-02", Decimal("2.25")),
        ("2026-01-03", Decimal("1.00")),
    ]


def test_files_that_are_parts_of_one_export_add_up(bench: Bench) -> None:
    bench.write("spec.yml", SPEC + "overlap: add\n")
    bench.write("a.csv", JANUARY)
    bench.write("b.csv", export(("2026-01-01", "B", 1, "100.00")))
    bench.collect()
    bench.write("b.csv", export(("2026-01-01", "B", 1, "50.00")))
    bench.collect()
    assert bench.rows(TOTALS) == [(3, 31, Decimal("53.75"))]


def test_full_refresh_forgets_files_that_are_gone(bench: Bench) -> None:
    bench.write("spec.yml", SPEC)
    bench.write("a.csv", JANUARY)
    bench.write("b.csv", export(("2026-02-01", "A", 1, "1.00")))
    bench.collect()
    (bench.root / "a.csv").unlink()
    bench.collect()
    assert len(bench.rows(BY_DAY)) == 3
    bench.collect(window=Window(full_refresh=True))
    assert bench.rows(BY_DAY) == [("2026-02-01", Decimal("1.00"))]


def test_a_window_reads_its_days_only(bench: Bench) -> None:
    bench.write("spec.yml", SPEC)
    bench.write("a.csv", JANUARY)
    bench.collect(window=Window(since=date(2026, 1, 2)))
    assert bench.rows(BY_DAY) == [("2026-01-02", Decimal("2.25"))]
    bench.collect()
    assert bench.rows(TOTALS) == [(2, 30, Decimal("3.75"))]


def test_rows_that_do_not_parse_are_kept_with_line_reason_and_money(bench: Bench) -> None:
    bench.write("spec.yml", SPEC)
    bench.write(
        "a.csv",
        JANUARY
        + "2026-02-30,A,1,4.00\r\n2026-01-03,A,1.5,5.00\r\n2026-01-03,A,1,five\r\n"
        + '2026-01-03,,1,6.00\r\n2026-01-03,"A,1,7.00\r\n2026-01-03,A,1,8.00,1\r\n2026-01-03,A\r\n'
        + "2026-01-04,B,3,1.00\r\n",
    )
    outcome = bench.collect()
    assert (outcome.rows, outcome.quarantined) == (3, 7)
    assert outcome.cost_held == {"EUR": Decimal("23.00")}
    kept = bench.rows("select line, reason, cost_held from raw_files.quarantine order by line")
    assert kept == [
        (4, "unreadable_date", Decimal("4.00")),
        (5, "not_a_whole_number", Decimal("5.00")),
        (6, "unreadable_number", None),
        (7, "missing_campaign", Decimal("6.00")),
        (8, "broken_row", None),
        (9, "broken_row", Decimal("8.00")),
        (10, "broken_row", None),
    ]
    assert bench.rows("select raw_text from raw_files.quarantine where line = 6") == [
        ("2026-01-03,A,1,five",)
    ]
    bench.write("a.csv", JANUARY)
    bench.collect()
    assert bench.rows("select count(*) from raw_files.quarantine") == [(0,)]


def test_preamble_totals_marks_duplicates_order_and_extra_columns_do_not_hurt(
    bench: Bench,
) -> None:
    bench.write("spec.yml", SPEC)
    bench.write(
        "a.csv",
        "\ufeffMy report\n1 January 2026 - 2 January 2026\n\n"
        "Extra,cost ,Campaign,Clicks,Day,Extra,Clicks\n"
        "x,1.50,A,10,2026-01-01,y,99\n"
        "x,2.25,A,20,2026-01-02,y,99\n"
        "Total,3.75,,30,,,\n\n© 2026 The Platform\n",
    )
    outcome = bench.collect()
    assert outcome.quarantined == 0
    assert bench.rows(TOTALS) == [(2, 30, Decimal("3.75"))]
    assert any("2 lines passed over" in line for line in bench.said)


def test_a_name_may_hold_quotes_delimiters_and_line_breaks(bench: Bench) -> None:
    names = ['55" screens', "a, b", "two\nlines", "=cmd()", "שלום", "🙂"]
    bench.write("spec.yml", SPEC)
    bench.write("a.csv", export(*((f"2026-01-0{i + 1}", n, 1, "1") for i, n in enumerate(names))))
    bench.collect()
    found = bench.rows("select campaign_name from raw_files.performance order by date")
    assert [name for (name,) in found] == names


def test_a_ninth_dialect_needs_a_short_spec_and_no_code(bench: Bench) -> None:
    spec = """
name: ninth
files: ninth.txt
date_format: "%d/%m/%Y"
number_format: {decimal: ","}
constants: {platform: pinterest_ads, account_id: p1, currency: EUR}
columns:
  date: Datum
  campaign_name: Kampagne
  impressions: Impressionen
  cost: Kosten
"""
    assert len(spec.strip().splitlines()) < 25
    bench.write("spec.yml", spec)
    bench.write(
        "ninth.txt",
        "Datum;Kampagne;Impressionen;Kosten\r\n31/12/2025;Größe;1.234.567;1.234,56 €\r\n",
        encoding="utf-16",
    )
    bench.collect()
    assert bench.rows(
        "select cast(date as varchar), campaign_name, impressions, cost, clicks "
        "from raw_files.performance"
    ) == [("2025-12-31", "Größe", 1_234_567, Decimal("1234.56"), None)]


def zipped(content: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("inner.csv", content)
    return buffer.getvalue()


def workbook(path: Path) -> None:
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("Daten")
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.write_row(0, 0, ["A report"])
    sheet.write_row(2, 0, ["Day", "Campaign", "Clicks", "Cost"])
    for index, (when, clicks, cost) in enumerate([(1, 10, 1.5), (2, 20, 2.25)]):
        sheet.write_datetime(3 + index, 0, datetime(2026, 1, when), day)
        sheet.write_row(3 + index, 1, ["A", clicks, cost])
    book.close()


@pytest.mark.parametrize("kind", ["gz", "zip", "excel", "parquet"])
def test_containers(bench: Bench, kind: str) -> None:
    spec = SPEC.replace('"*.csv"', f'"a.{kind}"')
    if kind == "gz":
        bench.write("a.gz", gzip.compress(JANUARY.encode()))
    elif kind == "zip":
        bench.write("a.zip", zipped(JANUARY))
    elif kind == "excel":
        workbook(bench.root / "a.excel")
        spec += "format: excel\n"
    else:
        table = {
            "Day": [date(2026, 1, 1), date(2026, 1, 2)],
            "Campaign": ["A", "A"],
            "Clicks": [10, 20],
            "Cost": [Decimal("1.50"), Decimal("2.25")],
        }
        pq.write_table(pa.table(table), bench.root / "a.parquet")
        spec += "format: parquet\n"
    bench.write("spec.yml", spec)
    bench.collect()
    assert bench.rows(TOTALS) == [(2, 30, Decimal("3.75"))]
    assert len(bench.rows(BY_DAY)) == 2


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("empty.csv", b"", "no header found"),
        ("other.csv", b"Date,Campaign,Clicks,Spend\n", "no column 'Day'"),
        ("typo.csv", b"Dayy,Campaign,Clicks,Cost\n", "did you mean 'Dayy'?"),
        ("noise.csv", bytes(range(128, 256)) * 9, "no header found"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_and_stops_nothing(
    bench: Bench, name: str, content: bytes, told: str
) -> None:
    bench.write("spec.yml", SPEC)
    bench.write("a.csv", JANUARY)
    bench.write(name, content)
    outcome = bench.collect()
    assert outcome.rows == 2
    assert [unit for unit, _ in outcome.failures] == [name]
    assert told in outcome.failures[0][1]
    assert bench.rows("select status from raw_files.loads order by status") == [
        ("failed",),
        ("loaded",),
    ]


def test_a_cut_archive_loads_nothing_of_itself(bench: Bench) -> None:
    bench.write("spec.yml", SPEC.replace("*.csv", "*.gz"))
    rows = export(*((f"2026-01-{1 + i % 28:02}", f"c{i}", i, "1.00") for i in range(20_000)))
    bench.write("a.gz", gzip.compress(rows.encode())[:-20_000])
    outcome = bench.collect()
    assert outcome.failed
    assert bench.rows("select count(*) from raw_files.loads") == [(1,)]


def test_no_file_at_all_is_told(bench: Bench) -> None:
    bench.write("spec.yml", SPEC)
    with pytest.raises(CampaignsError, match=r"no file matches \*\.csv"):
        bench.collect()


def test_an_unmapped_value_is_kept_back_unless_there_is_a_default(bench: Bench) -> None:
    mapped = "platform: {column: Source, values: {G: google_ads}}"
    spec = SPEC.replace("platform: google_ads, ", "").replace("{date", f"{{{mapped}, date")
    bench.write("spec.yml", spec)
    bench.write(
        "a.csv", "Source,Day,Campaign,Clicks,Cost\nG,2026-01-01,A,1,1\nX,2026-01-01,A,1,2\n"
    )
    assert bench.collect().quarantined == 1
    assert bench.rows("select reason, detail from raw_files.quarantine") == [
        ("unmapped_value", "platform is: X")
    ]


def test_days_between_are_empty_and_others_stay_unknown(bench: Bench) -> None:
    bench.write("spec.yml", SPEC)
    bench.write("a.csv", export(("2026-01-01", "A", 1, "1"), ("2026-01-03", "A", 1, "1")))
    bench.collect()
    assert bench.rows(
        "select cast(date as varchar), status from raw_files.receipts order by date"
    ) == [("2026-01-01", "loaded"), ("2026-01-02", "empty"), ("2026-01-03", "loaded")]


STYLES = [(".", ","), (",", "."), (",", " "), (".", "'")]


@pytest.fixture(scope="module")
def parsers() -> list[Parser]:
    import duckdb

    made = []
    for decimal, thousands in STYLES:
        spec = Spec.model_validate(
            {
                "name": "x",
                "files": "x",
                "number_format": {"decimal": decimal, "thousands": thousands},
                "constants": {"platform": "p", "account_id": "a", "campaign_id": "c"},
                "columns": {"date": "d", "cost": "cost"},
            }
        )
        made.append(Parser(spec, ["d", "cost"], duckdb.connect()))
    return made


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    amount=st.decimals(-(10**12), 10**12, places=2, allow_nan=False, allow_infinity=False),
    style=st.sampled_from(range(len(STYLES))),
    grouped=st.booleans(),
    dress=st.sampled_from(["{}", "${}", "{} €", "EUR {}", "{}kr", " {} "]),
)
def test_every_style_of_number_reads_back(
    parsers: list[Parser], amount: Decimal, style: int, grouped: bool, dress: str
) -> None:
    decimal, thousands = STYLES[style]
    text = f"{amount:,.2f}" if grouped else f"{amount:.2f}"
    text = text.translate({ord(","): thousands, ord("."): decimal})
    dress = dress if dress != "{}kr" else "{} SEK"
    assert read_cost(parsers[style], dress.format(text)) == amount


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("(12.50)", Decimal("-12.50")),
        ("12.50-", Decimal("-12.50")),
        ("−3", Decimal(-3)),
        ("12%", Decimal("0.12")),
        ("1E+3", Decimal(1000)),
        ("1,00,000", Decimal(100000)),
        ("--", None),
        ("N/A", None),
        ("1,23", "unreadable_number"),
        ("1.2.3", "unreadable_number"),
        ("12 34", Decimal(1234)),
        ("1e400", "unreadable_number"),
        ("0x1F", "unreadable_number"),
        ("five", "unreadable_number"),
    ],
)
def test_numbers_as_people_write_them(
    parsers: list[Parser], text: str, cost: Decimal | str | None
) -> None:
    assert read_cost(parsers[0], text) == cost


def read_cost(parser: Parser, text: str) -> Decimal | str | None:
    parser.database.execute("delete from parsed")
    parser.read([Row(1, ["2026-01-01", text], text)])
    rows = parser.database.execute("select cost, reason from parsed").fetchall()
    return rows[0][1] or rows[0][0]
