"""Readers beside a publisher: no error, no wait, never a mixture of two builds."""

import json
import multiprocessing
from multiprocessing.synchronize import Event

import duckdb
import pytest

from pipeline.errors import CampaignsError
from pipeline.publish import KEEP, current, publish, reading
from pipeline.settings import Folder

PUBLISHES = 6
READERS = 4
COUNTED = "select min(build), max(build), count(*) from {}"
TABLES = ("marts.one", "marts.two", "ops.three")


def build(folder: Folder, number: int) -> None:
    """Make a warehouse whose tables all hold the build's number."""
    with duckdb.connect(str(folder.warehouse)) as database:
        database.execute("create schema if not exists marts; create schema if not exists ops")
        database.execute(
            "create table if not exists ops.builds_begun (invocation_id varchar, started_at "
            "timestamp); create table if not exists ops.builds (invocation_id varchar, started_at "
            "timestamp, finished_at timestamp, status varchar, is_full boolean, failures varchar)"
        )
        database.execute("insert into ops.builds_begun values (?, now()::timestamp)", [str(number)])
        for table in TABLES:
            database.execute(
                f"create or replace table {table} as select {number} as build from range(200000)"
            )
        database.execute(
            "create schema if not exists semantic; create or replace table semantic.definitions as "
            "select ? as invocation_id, ? as semantic_manifest, ? as reporting",
            [str(number), json.dumps({"semantic_models": [], "metrics": []}), meaning(number)],
        )
        database.execute(
            "insert into ops.builds select invocation_id, started_at, now()::timestamp, "
            "'success', true, '[]' from ops.builds_begun where invocation_id = ?",
            [str(number)],
        )


def meaning(number: int) -> str:
    """What a build says beside its metrics; the currency tells which one it was."""
    said = {"objects": {}, "refused": {}, "week_start": "monday", "reporting_currency": str(number)}
    return json.dumps({"reporting": said, "segments": {}})


def defined(folder: Folder) -> tuple[int, int | None]:
    """Which build the live definitions are of, and which the live tables."""
    pointer = current(folder) or {}
    definitions = json.loads((folder.published / pointer["semantic_manifest"]).read_text())
    with duckdb.connect(str(folder.published / pointer["database"]), read_only=True) as database:
        (number,) = database.execute("select min(build) from marts.one").fetchone() or (None,)
    return int(definitions["reporting"]["reporting_currency"]), number


def read(done: Event, found: multiprocessing.Queue) -> None:
    """Read until the end; tells what was seen, in order, or what went wrong."""
    seen: list[int] = []
    try:
        folder = Folder()
        while True:
            last = done.is_set()
            with reading(folder) as database:
                builds = {
                    row
                    for table in TABLES
                    for row in database.execute(COUNTED.format(table)).fetchall()
                }
            ((low, high, rows),) = builds
            assert low == high and rows == 200_000
            seen.append(low)
            assert len(set(defined(folder))) == 1
            if last:
                break
        found.put(seen)
    except BaseException as error:
        found.put(repr(error))
        raise


def test_readers_see_whole_builds_only(folder: Folder) -> None:
    build(folder, 0)
    publish(folder)
    context = multiprocessing.get_context("spawn")
    done, found = context.Event(), context.Queue()
    readers = [context.Process(target=read, args=(done, found)) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    for number in range(1, PUBLISHES + 1):
        build(folder, number)
        publish(folder)
    with duckdb.connect(str(folder.warehouse)) as database:
        database.execute("insert into ops.builds_begun values ('killed', now()::timestamp)")
        database.execute("delete from marts.one")
    with pytest.raises(CampaignsError, match="was killed"):
        publish(folder)
    done.set()
    for seen in (found.get(timeout=60) for _ in readers):
        assert isinstance(seen, list), seen
        assert seen == sorted(seen)
        assert seen[-1] == PUBLISHES
    for reader in readers:
        reader.join()


def test_an_old_reader_finishes_though_its_file_is_gone(folder: Folder) -> None:
    build(folder, 0)
    publish(folder)
    with reading(folder) as database:
        for _ in range(KEEP + 1):
            publish(folder)
        assert len(list(folder.published.glob("warehouse-*.duckdb"))) == KEEP
        assert len(list(folder.published.glob("semantic-*.json"))) == KEEP
        assert database.execute("select count(*) from marts.one").fetchall() == [(200_000,)]
