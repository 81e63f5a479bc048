"""Named reports: what reports.yml may say, which days a period is, and files for schedulers."""

import csv
import io
from datetime import date
from pathlib import Path

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from api import Reports
from api.definitions import days_of, definitions
from api.export import export
from pipeline.cli import app
from pipeline.errors import CampaignsError, UsageError
from pipeline.settings import Folder

GOOD = """
spend:
  title: Spend
  format: csv
  period: last_7_days
  request: {metrics: [cost], dimensions: [platform], totals: true}
"""


@pytest.mark.parametrize(
    ("period", "last_day", "first", "last"),
    [
        ("last_7_days", "2026-11-21", "2026-11-15", "2026-11-21"),
        ("last_1_days", "2026-11-21", "2026-11-21", "2026-11-21"),
        ("this_week", "2026-11-21", "2026-11-16", "2026-11-21"),
        ("last_week", "2026-11-21", "2026-11-09", "2026-11-15"),
        ("last_week", "2026-11-22", "2026-11-16", "2026-11-22"),
        ("this_month", "2026-11-21", "2026-11-01", "2026-11-21"),
        ("last_month", "2026-11-21", "2026-10-01", "2026-10-31"),
        ("last_month", "2024-02-29", "2024-02-01", "2024-02-29"),
        ("last_month", "2026-01-15", "2025-12-01", "2025-12-31"),
        ("this_quarter", "2026-11-21", "2026-10-01", "2026-11-21"),
        ("last_quarter", "2026-11-21", "2026-07-01", "2026-09-30"),
        ("last_year", "2026-12-30", "2025-01-01", "2025-12-31"),
        ("last_year", "2026-12-31", "2026-01-01", "2026-12-31"),
    ],
)
def test_a_period_counts_back_from_the_last_day_with_figures(
    period: str, last_day: str, first: str, last: str
) -> None:
    found = days_of(period, date.fromisoformat(last_day), "monday")
    assert found == (date.fromisoformat(first), date.fromisoformat(last))


def test_a_week_begins_where_the_project_says() -> None:
    found = days_of("this_week", date(2026, 11, 21), "sunday")
    assert found == (date(2026, 11, 15), date(2026, 11, 21))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (GOOD.replace("title: Spend", "titel: Spend"), "r.yml: spend: title: Field required"),
        (GOOD.replace("csv", "cvs"), "r.yml: spend: 'cvs' is no format; did you mean csv"),
        (GOOD.replace("last_7_days", "last_days"), "r.yml: spend: period: a period is"),
        (GOOD.replace("metrics: [cost]", "metrics: []"), "r.yml: spend: request.metrics: "),
        (GOOD.replace("totals: true", "total: true"), "r.yml: spend: request.total: "),
        (GOOD.replace("totals: true", "time_range: {start_date: 2026-01-01}"), "keep one"),
        (GOOD + "  locale: english\n", "r.yml: spend: 'english' is no locale"),
        ("spend: [", "r.yml is no YAML"),
        ("- spend", "r.yml: it should be names"),
        ("spend: 1", "r.yml: spend: "),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "r.yml"
    file.write_text(text)
    with pytest.raises(UsageError) as caught:
        definitions(file)
    assert told in str(caught.value) and "\n" not in str(caught.value)


def test_every_report_of_the_project_has_an_answer(demo: Folder, tmp_path: Path) -> None:
    found = definitions()
    assert len(found) >= 4
    for name, one in found.items():
        export(demo, name, output=tmp_path)
        files = list(tmp_path.glob(f"{name}.*"))
        assert len(files) == 1 and files[0].stat().st_size > 300
        assert one.title
    assert load_workbook(tmp_path / "month_for_finance.xlsx")["Report"].max_row > 5
    assert not list(tmp_path.glob(".*"))


def test_an_export_is_the_query_s_answer(
    demo: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "r.yml"
    file.write_text(GOOD)
    monkeypatch.setenv("API__REPORTS", str(file))
    done = CliRunner().invoke(app, ["export", "spend", "--since", "2026-10-01"])
    assert done.exit_code == 0, done.output
    header, *rows = csv.reader(io.StringIO(done.stdout))
    expected = Reports.open(demo.path).query(
        metrics=["cost"], by=["platform"], since="2026-10-01", until=Reports.open().live().last_day
    )
    assert header == ["platform", "cost"]
    assert [
        [row["platform"], format(row["cost"].normalize(), "f")] for row in expected.to_pylist()
    ] == rows
    assert "spend: Spend (csv)" in CliRunner().invoke(app, ["export"]).stdout


def test_a_file_is_whole_or_as_it_was(demo: Folder, tmp_path: Path) -> None:
    target = tmp_path / "week.html"
    target.write_text("as it was")
    with pytest.raises(UsageError, match="did you mean weekly_overview"):
        export(demo, "weekly_overvew", output=target)
    with pytest.raises(UsageError, match="no locale"):
        export(demo, "weekly_overview", output=target, locale="nowhere")
    assert target.read_text() == "as it was"
    export(demo, "weekly_overview", output=target)
    assert "<table" in target.read_text()
    with pytest.raises(CampaignsError, match="cannot be written"):
        export(demo, "weekly_overview", output=tmp_path / "none" / "week.html")
