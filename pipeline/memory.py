"""The whole run without touching a disk: for tests and notebooks."""

import os
import tempfile
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb

from ingestion.contract import Window
from pipeline.build import build
from pipeline.collect import collect, collectors
from pipeline.errors import CampaignsError
from pipeline.publish import publish
from pipeline.settings import Folder
from pipeline.targets.memory import Memory
from pipeline.targets.snapshot import Snapshot

FILES = Path("/dev/shm")
POINTERS = ("CAMPAIGNS_DATA_DIR", "DLT_DATA_DIR")


def run(
    sources: Iterable[str] = (), since: date | None = None, until: date | None = None
) -> duckdb.DuckDBPyConnection:
    """Collect, build and publish as `campaigns run` does; gives a database in memory.

    It has the schemas `marts` and `ops`, the same tables as every other target, and is gone when
    it is closed. `sources`, `since` and `until` are those of the command. Settings are read as
    ever, and nothing is kept for the next run. What an account could not give is in
    `ops.fct_coverage`; raises CampaignsError where nothing could be read, a build fails or this
    machine has no files in memory.
    """
    with folder_in_memory() as folder:
        outcomes = collect(collectors(list(sources)), Window(since, until), folder)
        if outcomes and all(outcome.failed for outcome in outcomes):
            raise CampaignsError("; ".join(why for one in outcomes for _, why in one.failures))
        build(folder)
        pointer = publish(folder)
        target = Memory(folder)
        target.write(Snapshot(folder.published / pointer["database"], pointer))
    return target.database


@contextmanager
def folder_in_memory() -> Generator[Folder]:
    """Give a data folder in memory, where temporary files go as well; it is gone afterwards."""
    if not os.access(FILES, os.W_OK):
        raise CampaignsError(
            f"this machine has no files in memory ({FILES}); set CAMPAIGNS_DATA_DIR to a folder on "
            "a disk and use the command `campaigns run`"
        )
    before = {name: os.environ.get(name) for name in POINTERS}
    elsewhere = tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="campaigns-", dir=FILES) as path:
        os.environ["CAMPAIGNS_DATA_DIR"] = tempfile.tempdir = path
        try:
            yield Folder().prepare()
        finally:
            tempfile.tempdir = elsewhere
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
