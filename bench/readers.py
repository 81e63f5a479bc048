"""What readers wait while snapshots are published, and while a build is killed."""

import multiprocessing
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from statistics import quantiles
from tempfile import TemporaryDirectory

import duckdb
from rich.table import Table

from pipeline.console import out
from pipeline.errors import CampaignsError
from pipeline.publish import publish, reading
from pipeline.settings import Folder

READERS, PUBLISHES = 4, 6
QUIET = 5.0
CAMPAIGNS = 1000
QUESTION = """
select platform, sum(cost), sum(clicks) / sum(impressions), min(build), max(build)
from marts.fct_campaign_daily group by platform
"""
RECORD = """
create schema if not exists marts; create schema if not exists ops;
create table if not exists ops.builds_begun (invocation_id varchar, started_at timestamp);
create table if not exists ops.builds (invocation_id varchar, started_at timestamp,
    finished_at timestamp, status varchar, is_full boolean, failures varchar);
insert into ops.builds_begun values ($build, now()::timestamp);
"""
BUILD = f"""
create or replace table marts.fct_campaign_daily as
select ['google_ads', 'facebook_ads'][i % 2 + 1] as platform, (i % {CAMPAIGNS})::varchar as
    campaign_id, date '2024-01-01' + (i // {CAMPAIGNS})::integer as date_day, (i % 977)::bigint as
    impressions, (i % 13)::bigint as clicks, (i % 7 * 0.37)::decimal(38, 9) as cost, $build as build
from range($rows) as rows(i)
"""
DEFINED = """
create schema if not exists semantic;
create or replace table semantic.definitions as select $build as invocation_id,
    '{"semantic_models": [], "metrics": []}' as semantic_manifest,
    '{"segments": {}, "reporting": {"objects": {}, "refused": {}, "week_start": "monday",
    "reporting_currency": "USD"}}' as reporting
"""
RECORDED = """
insert into ops.builds select invocation_id, started_at, now()::timestamp, 'success', true, '[]'
from ops.builds_begun where invocation_id = $build
"""
Times = list[tuple[float, float, float]]


@dataclass
class Waits:
    """Seconds of each read, by what happened meanwhile: opening the snapshot, and the query."""

    rows: int
    reads: dict[str, Times]

    def show(self) -> None:
        """Print a row for each time, in milliseconds."""
        table = Table(
            title=f"{READERS} readers of {self.rows:,} campaign-days, ms", title_justify="left"
        )
        for name in ("meanwhile", "reads", "what", "median", "99 %", "longest"):
            table.add_column(name, justify="left" if name in ("meanwhile", "what") else "right")
        for meanwhile, reads in self.reads.items():
            for what, at in (("opening the snapshot", 1), ("the query", 2)):
                times = [1000 * read[at] for read in reads]
                cuts = quantiles(times, n=100)
                table.add_row(
                    *(meanwhile, str(len(times)), what),
                    *(f"{one:.1f}" for one in (cuts[49], cuts[98], max(times))),
                )
        out.print(table)


def compare(rows: int, repeats: int) -> Iterator[Waits]:
    """Let readers read in a loop: while nothing happens, and through publishes and a kill."""
    context = multiprocessing.get_context("spawn")
    with TemporaryDirectory(prefix="bench-") as path:
        os.environ["CAMPAIGNS_DATA_DIR"] = path
        folder = Folder().prepare()
        build(folder, "0", rows)
        publish(folder)
        done, found = context.Event(), context.Queue()
        readers = [context.Process(target=read, args=(done, found)) for _ in range(READERS)]
        for reader in readers:
            reader.start()
        time.sleep(2 * QUIET)
        began = time.time()
        for number in range(PUBLISHES * repeats):
            build(folder, str(number + 1), rows)
            publish(folder)
        killed_build(folder, rows)
        done.set()
        reads = [one for _ in readers for one in answers(found)]
        for reader in readers:
            reader.join()
    yield Waits(
        rows,
        {
            "nothing": [one for one in reads if began - QUIET < one[0] < began],
            f"{PUBLISHES * repeats} builds and publishes, one killed": [
                one for one in reads if one[0] >= began
            ],
        },
    )


def build(folder: Folder, number: str, rows: int) -> None:
    """Make marts of so many campaign-days that all name their build."""
    with duckdb.connect(str(folder.warehouse)) as database:
        database.execute(RECORD, {"build": number})
        database.execute(BUILD, {"build": number, "rows": rows})
        database.execute(DEFINED, {"build": number})
        database.execute(RECORDED, {"build": number})


def killed_build(folder: Folder, rows: int) -> None:
    """Begin a build that never ends; raises where it would be published."""
    with duckdb.connect(str(folder.warehouse)) as database:
        database.execute(RECORD, {"build": "killed"})
        database.execute(BUILD, {"build": "killed", "rows": rows // 2})
    try:
        publish(folder)
    except CampaignsError:
        return
    raise CampaignsError("a killed build was published")


def read(done: Event, found: Queue) -> None:
    """Read until the end; gives the moments and seconds, or what went wrong."""
    times: Times = []
    try:
        folder = Folder()
        while not done.is_set():
            start = time.perf_counter()
            with reading(folder) as database:
                opened = time.perf_counter()
                answer = database.execute(QUESTION).fetchall()
                ended = time.perf_counter()
            builds = {row[-2:] for row in answer}
            assert len(builds) == 1 and len(set(*builds)) == 1, builds
            times.append((time.time(), opened - start, ended - opened))
        found.put(times)
    except BaseException as error:
        found.put(repr(error))
        raise


def answers(found: Queue) -> Times:
    """Take what a reader gives; raises what it met."""
    times = found.get(timeout=120)
    if isinstance(times, str):
        raise CampaignsError(f"a reader failed: {times}")
    return times
