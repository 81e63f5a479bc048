"""The demo's marts against the truth that its generator wrote down."""

import json
from collections.abc import Iterator
from decimal import Decimal

import duckdb
import pytest

from pipeline.publish import snapshot_path
from pipeline.settings import PROJECT, Folder
from tests.demo import SPECS, campaigns

TRUTH = json.loads((PROJECT / "simulator/demo/truth.json").read_text(encoding="utf-8"))


@pytest.fixture
def snapshot(demo: Folder) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(snapshot_path(demo)), read_only=True) as database:
        yield database


def test_every_account_ties_to_the_truth(snapshot: duckdb.DuckDBPyConnection) -> None:
    rows = snapshot.execute(
        "select platform, account_id, sum(impressions) as impressions, sum(clicks) as clicks, "
        "sum(cost_local) as cost, sum(conversions) as conversions, "
        "sum(conversion_value_local) as conversion_value "
        "from marts.fct_campaign_daily group by all"
    ).to_arrow_table()
    found = {(row.pop("platform"), row.pop("account_id")): row for row in rows.to_pylist()}
    for total in TRUTH["totals"]:
        account = found[total["platform"], total["account_id"]]
        for measure, value in account.items():
            assert Decimal(value) == Decimal(total[measure]), (total, measure)
    assert len(found) == 6


def test_held_back_rows_are_exactly_the_broken_ones(snapshot: duckdb.DuckDBPyConnection) -> None:
    found = snapshot.execute("select origin, line, reason from ops.quarantined_rows").fetchall()
    known = {(row["file"], row["line"], row["reason"]) for row in TRUTH["quarantined"]}
    assert set(found) == known


def test_every_incident_is_flagged_on_its_campaign(snapshot: duckdb.DuckDBPyConnection) -> None:
    flagged = set(
        snapshot.execute(
            "select campaign_id, cast(date_day as varchar) from marts.fct_campaign_anomalies "
            "where is_anomaly"
        ).fetchall()
    )
    missed = []
    for incident in TRUTH["incidents"]:
        days = [
            day
            for campaign, day in flagged
            if campaign == incident["campaign_id"]
            and incident["first_day"] <= day <= incident["last_day"]
        ]
        if not days:
            missed.append(incident["kind"])
    # Flat conversions of four days are shorter than this first flatline rule looks for.
    assert set(missed) <= {"flat_conversions"}


def test_the_snapshot_is_the_marts(demo: Folder, snapshot: duckdb.DuckDBPyConnection) -> None:
    snapshot.execute(f"attach '{demo.warehouse}' as built (read_only)")
    tables = snapshot.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = 'built' "
        "and schema_name in ('marts', 'ops')"
    ).fetchall()
    assert len(tables) > 10
    for schema, table in tables:
        name = f"{schema}.{table}"
        here = snapshot.execute(f"describe {name}").fetchall()
        there = snapshot.execute(f"describe built.{name}").fetchall()
        assert [row[:2] for row in here] == [row[:2] for row in there]
        for one, other in ((name, f"built.{name}"), (f"built.{name}", name)):
            differ = snapshot.execute(f"select * from {one} except all select * from {other}")
            assert differ.fetchall() == [], name
    described = snapshot.execute(
        "select count(*), count(comment) from duckdb_columns() "
        "where schema_name = 'marts' and database_name <> 'built'"
    ).fetchone()
    assert described is not None and described[0] == described[1]


def test_a_second_run_keeps_what_is_there(demo: Folder) -> None:
    before = snapshot_path(demo)
    done = campaigns(demo.path, "run", "--no-site", *SPECS)
    assert done.returncode == 0
    assert "it stays" in done.stderr
    assert snapshot_path(demo) == before


def test_a_failed_build_leaves_readers_where_they_are(demo: Folder) -> None:
    before = snapshot_path(demo)
    with duckdb.connect(str(demo.warehouse)) as database:
        database.execute("alter table raw_files.performance rename column cost to kost")
    try:
        failed = campaigns(demo.path, "build")
        assert failed.returncode == 1
        assert failed.stderr.count("\n") <= 3
        assert "stg_files__performance" in failed.stderr
        refused = campaigns(demo.path, "publish")
        assert refused.returncode == 1
        assert "the last build failed" in refused.stderr
        assert "the last build failed" in campaigns(demo.path, "status").stdout
        assert snapshot_path(demo) == before
    finally:
        with duckdb.connect(str(demo.warehouse)) as database:
            database.execute("alter table raw_files.performance rename column kost to cost")
    assert campaigns(demo.path, "build").returncode == 0
    assert campaigns(demo.path, "publish").returncode == 0
    assert snapshot_path(demo) != before
