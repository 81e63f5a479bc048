"""What the engine promises beside its figures: ranges, coverage, refusals, following publishes."""

import json
import threading
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from typer.testing import CliRunner

from api.engine import Reports
from api.errors import RequestError
from pipeline.cli import app
from pipeline.errors import CampaignsError
from pipeline.publish import current
from pipeline.settings import PROJECT, Folder
from pipeline.targets.snapshot import KEEP
from tests.api.world import publish_world


def refused(reports: Reports, **asked: Any) -> RequestError:
    with pytest.raises(RequestError) as caught:
        reports.query(**asked)
    return caught.value


def test_the_request_of_the_original_design_returns_data(demo: Folder) -> None:
    """Posted as it stands, with date-times."""
    reports = Reports.open(demo.path)
    last = reports.live().last_day
    report = reports.query(
        {
            "name": "Monthly overview",
            "time_range": {
                "start_date": "2026-10-01T00:00:00",
                "end_date": "2026-10-31T23:59:59Z",
            },
            "metrics": [{"name": "impressions"}, {"name": "clicks"}, {"name": "cost"}],
        }
    )
    assert (report.start, report.end) == (date(2026, 10, 1), date(2026, 10, 31))
    (row,) = report.to_pylist()
    assert row["impressions"] > row["clicks"] > 0 and row["cost"] > 0
    assert [column.type for column in report.columns] == ["integer", "integer", "decimal"]
    pointer = current(demo) or {}
    assert report.snapshot == pointer["version"] and report.coverage["is_complete"]
    assert reports.query(metrics=["cost"]).end == last


def test_without_a_range_it_is_the_last_28_days(reports: Reports) -> None:
    report = reports.query(metrics=["cost"])
    last = reports.live().last_day
    assert (report.end, (report.end - report.start).days) == (last, 27)


@pytest.mark.parametrize("grain", ["week", "month", "quarter", "year"])
def test_cut_periods_say_so(reports: Reports, grain: str) -> None:
    """A period is partial where the range leaves out some of its days, and never otherwise."""
    answer = reports.query(
        metrics=["clicks"], by=[grain], since="2026-01-01", until="2026-03-31"
    ).to_pylist()
    partial = {row["date"] for row in answer if row["is_partial"]}
    assert (
        partial
        == {
            "week": {date(2025, 12, 29), date(2026, 3, 30)} & {row["date"] for row in answer},
            "month": set(),
            "quarter": set(),
            "year": {date(2026, 1, 1)},
        }[grain]
    )
    days = reports.query(metrics=["clicks"], by=["day"], since="2026-01-01", until="2026-03-31")
    assert "is_partial" not in days.rows.column_names
    assert sum(row["clicks"] for row in answer) == sum(row["clicks"] for row in days.to_pylist())


@pytest.mark.parametrize("first", ["sunday", "wednesday"])
def test_weeks_begin_as_the_build_said(demo: Folder, tmp_path: Path, first: str) -> None:
    published = publish_world(demo.published, tmp_path) / "published"
    file = published / "semantic-world.json"
    definitions = json.loads(file.read_text(encoding="utf-8"))
    definitions["reporting"]["week_start"] = first
    file.write_text(json.dumps(definitions), encoding="utf-8")
    reports = Reports.open(tmp_path)
    asked: dict[str, Any] = {"since": "2026-01-01", "until": "2026-02-14"}
    weeks = reports.query(metrics=["clicks"], by=["week"], **asked).to_pylist()
    counted: dict[date, int] = {}
    for row in reports.query(metrics=["clicks"], by=["day"], **asked).to_pylist():
        back = (row["date"].weekday() - {"sunday": 6, "wednesday": 2}[first]) % 7
        begins = row["date"] - timedelta(days=back)
        counted[begins] = counted.get(begins, 0) + row["clicks"]
    assert {row["date"]: row["clicks"] for row in weeks} == counted
    cut = [row["date"] for row in weeks if row["is_partial"]]
    assert cut == [day for day in counted if not date(2026, 1, 1) <= day <= date(2026, 2, 8)]


def test_objects_of_one_name_stay_apart(reports: Reports) -> None:
    """Two campaigns are called Brand, and the id 10 stands in two accounts and on two platforms."""
    by_name = reports.query(metrics=["clicks"], by=["campaign_name"]).to_pylist()
    assert [row["campaign_name"] for row in by_name].count("Brand") == 2
    by_id = reports.query(metrics=["clicks"], by=["campaign_id"]).to_pylist()
    assert [row["campaign_id"] for row in by_id].count("10") == 3


def test_money_of_several_currencies_never_meets(reports: Reports) -> None:
    error = refused(reports, metrics=["cost_local"], by=["channel"])
    assert error.code == "mixed_currencies" and "currency" in error.message
    by_currency = reports.query(metrics=["cost_local"], by=["currency"], totals=True)
    assert by_currency.totals == {"cost_local": None}
    unknown_currency = [row for row in by_currency.to_pylist() if row["currency"] is None]
    assert [row["cost_local"] for row in unknown_currency] == [None]
    one = reports.query(metrics=["cost_local"], where="currency = JPY", totals=True)
    assert one.totals == one.to_pylist()[0] and one.totals["cost_local"] > 0


@pytest.mark.parametrize(
    ("asked", "code", "said"),
    [
        ({"metrics": ["reach"], "by": ["day"]}, "refused", "does not add up"),
        ({"metrics": ["sum(reach)"]}, "refused", "does not add up"),
        ({"metrics": ["frequency"]}, "refused", "reach"),
        ({"metrics": ["cost"], "by": ["country"]}, "refused", "country"),
        ({"metrics": ["avg_ctr"]}, "not_additive", "ask for ctr"),
        ({"metrics": ["average(roas)"]}, "not_additive", "ask for roas"),
        ({"metrics": ["impresions"]}, "unknown_name", "impressions"),
        ({"metrics": ["cost"], "by": ["chanel"]}, "unknown_name", "channel"),
        ({"metrics": ["cost"], "segments": ["brand_serch"]}, "unknown_name", "brand_search"),
        ({"metrics": ["cost"], "by": ["device", "ad"]}, "no_such_split", "device"),
        ({"metrics": ["cost"], "by": ["week", "month"]}, "grain", "one grain"),
        ({"metrics": ["cost"], "where": "campaign = x"}, "ambiguous", "campaign_id"),
        ({"metrics": ["cost"], "where": "date = x"}, "segment", "time_range"),
        ({"metrics": ["cost"], "order_by": ["clicks"]}, "unknown_name", "column of this report"),
        ({"metrics": []}, "invalid_request", "metrics"),
        ({"metrics": ["cost"], "limit": 0}, "invalid_request", "limit"),
        ({"metrics": ["cost"], "colour": "red"}, "invalid_request", "colour"),
        ({"metrics": ["cost"], "since": "31.12.2026"}, "invalid_request", "no ISO date"),
        ({"metrics": ["cost"], "since": "0001-01-01"}, "invalid_request", "1970"),
        (
            {"metrics": ["cost"], "since": "2026-02-01", "until": "2026-01-01"},
            "time_range",
            "after",
        ),
        (
            {
                "metrics": ["cost"],
                "by": ["day"],
                "since": "2026-02-01",
                "until": "2026-02-10",
                "compare": {"start_date": "2026-01-01", "end_date": "2026-01-05"},
            },
            "time_range",
            "as many days",
        ),
    ],
)
def test_nonsense_is_refused_with_the_reason(
    reports: Reports, asked: dict[str, Any], code: str, said: str
) -> None:
    error = refused(reports, **asked)
    assert error.code == code and said in error.message


def test_an_answer_that_is_too_long_says_so(reports: Reports) -> None:
    assert (
        refused(reports, metrics=["cost"], by=["ad", "day"], row_limit=50).code == "too_many_rows"
    )
    page = reports.query(metrics=["cost"], by=["ad", "day"], row_limit=50, limit=50)
    assert page.rows.num_rows == 50 and page.has_more
    assert (
        refused(reports, metrics=["cost"], by=["ad", "day"], row_limit=50, limit=51).code
        == "too_many_rows"
    )


def test_coverage_tells_what_is_missing(reports: Reports, by_hand: Any) -> None:
    since, until = date(2026, 2, 1), date(2026, 4, 3)
    told = reports.query(metrics=["cost"], since=since, until=until).coverage
    days = f"date_day between '{since}' and '{until}' and level = 'campaign'"
    incomplete, immature = by_hand.execute(
        "select count(*) filter (not whole), count(*) filter (not final) from (select date_day, "
        "bool_and(is_complete) as whole, bool_and(is_mature) as final from ops.fct_completeness "
        f"where {days} group by date_day)"
    ).fetchone()
    assert told["days"] == 62 and told["days_without_data"] == 9
    assert told["incomplete_days"] == incomplete + 9 and not told["is_complete"]
    assert told["immature_days"] == immature + 9 and not told["is_mature"]
    early = [one["account_id"] for one in told["unsettled_accounts"] if one["ends_early"]]
    assert early == ["shop"]
    weeks, months = ({"week": 1, "month": 1}[one["grain"]] for one in told["left_out"])
    assert weeks == months == 1
    assert [one["cost"] for one in told["left_out"]] == [Decimal(70), Decimal(70)]
    assert [one["reason"] for one in told["held_back"]] == ["no_exchange_rate"]
    assert len(told["notes"]) == 4
    google = reports.query(metrics=["cost"], since=since, until=until, where="channel = search")
    assert google.coverage["accounts"] == 2
    assert not google.coverage["left_out"] and not google.coverage["held_back"]


def test_coverage_is_that_of_the_level_asked_for(reports: Reports, by_hand: Any) -> None:
    for by, level in ((["campaign"], "campaign"), (["ad"], "ad"), (["device"], "device")):
        told = reports.query(
            metrics=["cost"],
            by=by,
            since="2026-01-01",
            until="2026-01-31",
            where="account_id = 2",
        ).coverage
        (incomplete,) = by_hand.execute(
            "select count(*) from ops.fct_completeness where account_id = '2' and not is_complete "
            "and date_day between '2026-01-01' and '2026-01-31' and level = ?",
            [level],
        ).fetchone()
        assert (told["level"], told["incomplete_days"]) == (level, incomplete)


def test_days_before_the_range_are_covered_as_well(reports: Reports) -> None:
    """A window rests on days before the range, a comparison on another range."""
    asked: dict[str, Any] = {"since": "2026-03-20", "until": "2026-03-24"}
    for metric, by, days in (
        ("cost", [], 5),
        ("cost_7d", [], 7),
        ("cost_7d", ["day"], 11),
        ("cost_mtd", [], 24),
        ("roas_28d", ["day"], 32),
        ("clicks_7d_growth", ["week"], 18),
    ):
        assert reports.query(metrics=[metric], by=by, **asked).coverage["days"] == days
    told = reports.query(metrics=["cost"], compare="previous_period", **asked).coverage
    alone = reports.query(metrics=["cost"], since="2026-03-15", until="2026-03-19").coverage
    assert told["compared"] == {key: alone[key] for key in told["compared"]}
    assert len(told["notes"]) > len(reports.query(metrics=["cost"], **asked).coverage["notes"])


def test_definitions_agree_with_the_marts(demo: Folder) -> None:
    """Unit, additivity and parts of a metric are those of the column that the marts carry."""
    text = (PROJECT / "models/marts/core/_core__models.yml").read_text(encoding="utf-8")
    columns = {one["name"]: one for one in yaml.safe_load(text)["anchors"]}
    for metric in Reports.open(demo.path).metrics():
        meta = columns.get(metric.name, {}).get("config", {}).get("meta")
        if meta is None:
            continue
        assert metric.additivity == meta["additivity"]
        parts = [one.metric for one in metric.inputs]
        assert parts == [meta[key] for key in ("numerator", "denominator") if key in meta]
        assert metric.unit in (meta["unit"], "USD", "share")
    assert {one["name"] for one in columns.values() if "meta" in one.get("config", {})} <= {
        metric.name for metric in Reports.open(demo.path).metrics()
    } | {"fx_rate"}


def test_a_new_snapshot_is_followed_and_the_old_one_finishes(demo: Folder, tmp_path: Path) -> None:
    folder = publish_world(demo.published, tmp_path, seed=1, version="one")
    reports = Reports.open(folder)
    first = reports.query(metrics=["cost"])
    held = reports.live()
    publish_world(demo.published, tmp_path, seed=2, version="two")
    second = reports.query(metrics=["cost"])
    assert (first.snapshot, second.snapshot) == ("one", "two")
    assert first.to_pylist() != second.to_pylist()
    (folder / "published" / "warehouse-one.duckdb").unlink()
    assert held.database.execute("select count(*) from snapshot.marts.dim_account").fetchone()


def test_a_query_can_be_stopped(reports: Reports) -> None:
    """The cursor is handed over before it runs; stopping it harms no other query."""
    stop = threading.Event()

    def watch(cursor: duckdb.DuckDBPyConnection) -> None:
        def interrupt() -> None:
            while not stop.wait(0.001):
                cursor.interrupt()

        threading.Thread(target=interrupt).start()

    def ask_for_ever() -> None:
        while True:
            reports.query(metrics=["cost_28d", "roas_28d"], by=["ad", "day"], on_cursor=watch)

    try:
        with pytest.raises(duckdb.InterruptException):
            ask_for_ever()
    finally:
        stop.set()
    assert reports.query(metrics=["cost"]).rows.num_rows == 1


def test_many_threads_ask_at_once(reports: Reports) -> None:
    expected = reports.query(metrics=["cost", "roas"], by=["campaign", "week"]).to_pylist()
    answers: list[Any] = []

    def ask() -> None:
        for _ in range(5):
            answers.append(reports.query(metrics=["cost", "roas"], by=["campaign", "week"]))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 20 and all(answer.to_pylist() == expected for answer in answers)


def test_nothing_published_is_one_readable_line(tmp_path: Path) -> None:
    with pytest.raises(CampaignsError, match="campaigns publish"):
        Reports.open(tmp_path)


def test_definitions_are_published_and_removed_with_their_snapshot(demo: Folder) -> None:
    pointer = current(demo)
    assert pointer is not None
    version = pointer["version"]
    assert pointer["semantic_manifest"] == f"semantic-{version}.json"
    kept = {file.stem.partition("-")[2] for file in demo.published.glob("semantic-*.json")}
    snapshots = {file.stem.partition("-")[2] for file in demo.published.glob("warehouse-*.duckdb")}
    assert version in kept <= snapshots and len(snapshots) <= KEEP
    definitions = json.loads((demo.published / pointer["semantic_manifest"]).read_text())
    assert {"semantic_models", "metrics", "saved_queries", "reporting", "segments"} <= set(
        definitions
    )


def test_commands_list_and_complete(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPAIGNS_DATA_DIR", str(world))
    runner = CliRunner()
    for command, name in (
        ("metrics", "roas"),
        ("dimensions", "campaign"),
        ("segments", "brand_search"),
    ):
        done = runner.invoke(app, [command])
        assert done.exit_code == 0 and name in [
            line.split("\t")[0] for line in done.stdout.splitlines()
        ]
    checked = runner.invoke(app, ["segments", "--check"])
    assert "all well-formed" in checked.stdout
    from pipeline.ask import _names

    assert _names("metrics")("cost,roa") == [
        "cost,roas",
        "cost,roas_28d",
        "cost,roas_7d",
        "cost,roas_mtd",
    ]
    monkeypatch.setenv("CAMPAIGNS_DATA_DIR", str(world / "nothing"))
    assert _names("metrics")("c") == []


def test_the_command_says_in_a_line_what_is_wrong(world: Path) -> None:
    done = CliRunner().invoke(app, ["query", "-m", "cots"], env={"CAMPAIGNS_DATA_DIR": str(world)})
    assert isinstance(done.exception, RequestError) and done.exception.exit_code == 2
    assert "did you mean cost" in str(done.exception)
