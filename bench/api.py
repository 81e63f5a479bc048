"""What the reporting API answers under load, beside the same questions as SQL by hand.

Eight clients ask six questions in turn, over HTTP and over cursors of one DuckDB process; both read
the same snapshot, and each question must come to the same money. In the middle of the HTTP side
another snapshot is published.
"""

import json
import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from email.message import Message
from http.client import HTTPConnection
from multiprocessing.queues import Queue
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from threading import Thread, Timer
from typing import Any

import duckdb
from rich.table import Table

from bench.runner import memory_of
from pipeline.build import build
from pipeline.console import out, say
from pipeline.errors import CampaignsError
from pipeline.publish import current, publish, snapshot_path
from pipeline.settings import PROJECT, Folder
from pipeline.targets.durable import swap, swap_json

CLIENTS = 8
SECONDS = 15.0
DAYS, ACCOUNTS = 1000, 20
LAST = date(2026, 10, 31)
MADE = {
    "marts.dim_account": f"""
        select ['google_ads', 'facebook_ads'][a % 2 + 1] as platform, a::varchar as account_id,
            'Account ' || a as account_name, 'USD' as currency
        from range({ACCOUNTS}) as accounts(a)""",
    "marts.dim_campaign": f"""
        select ['google_ads', 'facebook_ads'][c % 2 + 1] as platform,
            (c % {ACCOUNTS})::varchar as account_id, c::varchar as campaign_id,
            'Campaign ' || c as campaign_name,
            ['search', 'display', 'video', 'shopping'][c % 4 + 1] as channel
        from range($campaigns) as campaigns(c)""",
    "marts.fct_campaign_daily": f"""
        select platform, account_id, campaign_id, $last - d::integer as date_day,
            'Account ' || account_id as account_name, campaign_name, channel, 'USD' as currency,
            h % 10007 as impressions, h % 211 as clicks,
            ((h % 99991) * 0.01)::decimal(38, 9) as cost, (h % 7)::decimal(38, 9) as conversions,
            ((h % 7) * 24.9)::decimal(38, 9) as conversion_value,
            true as is_complete, d > 30 as is_mature
        from (from range({DAYS}) as days(d) order by d desc), made.marts.dim_campaign,
            lateral (select (hash(campaign_id, d) % 1000003)::bigint as h)""",
    "marts.agg_platform_daily": """
        select platform, date_day, sum(impressions)::bigint as impressions,
            sum(clicks)::bigint as clicks, sum(cost)::decimal(38, 9) as cost,
            sum(conversions)::decimal(38, 9) as conversions,
            sum(conversion_value)::decimal(38, 9) as conversion_value
        from made.marts.fct_campaign_daily group by all order by date_day""",
    "ops.fct_completeness": f"""
        select platform, account_id, level, 'day' as grain, $last - d::integer as date_day,
            true as is_complete, d > 30 as is_mature
        from made.marts.dim_account, range({DAYS}) as days(d),
            (values ('campaign'), ('ad'), ('device')) as levels(level)""",
}


@dataclass(frozen=True)
class Question:
    """A request and the SQL that a person writes for it; both tell `cost` in every row."""

    name: str
    request: dict[str, Any]
    sql: str


def _days(days: int) -> dict[str, str]:
    return {"start_date": str(LAST - timedelta(days - 1)), "end_date": str(LAST)}


def _since(days: int) -> str:
    return f"date_day between date '{LAST}' - {days - 1} and date '{LAST}'"


QUESTIONS = (
    Question(
        "cost and roas by platform and week, 90 days",
        {"metrics": ["cost", "roas"], "dimensions": ["platform", "week"], "time_range": _days(90)},
        "select platform, date_trunc('week', date_day) as week, sum(cost) as cost, "
        "sum(conversion_value) / nullif(sum(cost), 0) as roas "
        f"from marts.agg_platform_daily where {_since(90)} group by all order by all",
    ),
    Question(
        "50 dearest campaigns, 28 days",
        {
            "metrics": ["cost", "clicks", "cpc", "roas"],
            "dimensions": ["campaign"],
            "time_range": _days(28),
            "order_by": ["-cost"],
            "limit": 50,
        },
        "select platform, account_id, campaign_id, campaign_name, sum(cost) as cost, "
        "sum(clicks) as clicks, sum(cost) / nullif(sum(clicks), 0) as cpc, "
        "sum(conversion_value) / nullif(sum(cost), 0) as roas from marts.fct_campaign_daily "
        f"where {_since(28)} group by all "
        "order by cost desc, platform, account_id, campaign_id limit 50",
    ),
    Question(
        "search by account, 28 days",
        {
            "metrics": ["cost", "ctr"],
            "dimensions": ["account"],
            "time_range": _days(28),
            "segments": [{"dimension": "channel", "operator": "=", "values": ["search"]}],
        },
        "select platform, account_id, account_name, sum(cost) as cost, "
        "sum(clicks) / nullif(sum(impressions), 0) as ctr from marts.fct_campaign_daily "
        f"where channel = 'search' and {_since(28)} group by all order by all",
    ),
    Question(
        "one campaign by day, 90 days",
        {
            "metrics": ["cost", "impressions", "clicks", "conversions"],
            "grain": "day",
            "time_range": _days(90),
            "segments": [{"dimension": "campaign_id", "operator": "=", "values": ["7"]}],
        },
        "select date_day, sum(cost) as cost, sum(impressions), sum(clicks), sum(conversions) "
        f"from marts.fct_campaign_daily where campaign_id = '7' and {_since(90)} "
        "group by all order by all",
    ),
    Question(
        "cost by channel and month, a year",
        {
            "metrics": ["cost", "cpa"],
            "dimensions": ["channel", "month"],
            "time_range": _days(365),
        },
        "select channel, date_trunc('month', date_day) as month, sum(cost) as cost, "
        "sum(cost) / nullif(sum(conversions), 0) as cpa from marts.fct_campaign_daily "
        f"where {_since(365)} group by all order by all",
    ),
    Question(
        "everything by channel, all days",
        {
            "metrics": ["cost", "impressions", "clicks", "conversions", "roas"],
            "dimensions": ["channel"],
            "time_range": _days(DAYS),
        },
        "select channel, sum(cost) as cost, sum(impressions), sum(clicks), sum(conversions), "
        "sum(conversion_value) / nullif(sum(cost), 0) as roas from marts.fct_campaign_daily "
        f"where {_since(DAYS)} group by all order by all",
    ),
)
Times = list[tuple[int, float]]


@dataclass(frozen=True)
class Load:
    """What a side came to: seconds of each answer by question, and the peak of its memory."""

    side: str
    times: Times
    seconds: float
    peak: float
    snapshots: int = 1


@dataclass(frozen=True)
class Loads:
    """Both sides."""

    rows: int
    loads: list[Load]

    def show(self) -> None:
        """Print a row a side, then a row a question."""
        title = f"{CLIENTS} clients, {self.rows:,} campaign-days, ms"
        table = Table(title=title, title_justify="left")
        for name in ("side", "answers", "answers/s", "p50", "p95", "p99", "p95 x", "peak MB"):
            table.add_column(name, justify="left" if name == "side" else "right")
        first = _cut([one for _, one in self.loads[0].times], 95)
        for load in self.loads:
            times = [one for _, one in load.times]
            cuts = [_cut(times, percent) for percent in (50, 95, 99)]
            table.add_row(
                load.side + (f", {load.snapshots} snapshots" if load.snapshots > 1 else ""),
                f"{len(times):,}",
                f"{len(times) / load.seconds:.1f}",
                *(f"{cut:.0f}" for cut in cuts),
                f"{cuts[1] / first:.2f}",
                f"{load.peak:,.0f}",
            )
        out.print(table)
        table = Table(title="p95 by question, ms", title_justify="left")
        table.add_column("question")
        for load in self.loads:
            table.add_column(load.side, justify="right")
        for at, question in enumerate(QUESTIONS):
            times = ([one for which, one in load.times if which == at] for load in self.loads)
            table.add_row(question.name, *(f"{_cut(one, 95):.0f}" for one in times))
        out.print(table)


def compare(rows: int, repeats: int) -> Iterator[Loads]:
    """Load both sides for so many times SECONDS, over the marts of an empty build."""
    with TemporaryDirectory(prefix="bench-") as path:
        os.environ["CAMPAIGNS_DATA_DIR"] = path
        folder = Folder().prepare()
        build(folder)
        publish(folder)
        say(f"making {rows:,} campaign-days")
        yield both(folder, rows, SECONDS * repeats)


def both(folder: Folder, rows: int, seconds: float) -> Loads:
    """Load both sides, each a process of its own; raises where one fails or they differ."""
    make(folder, rows)
    context = multiprocessing.get_context("spawn")
    found = context.Queue()
    hand = context.Process(target=by_hand, args=(snapshot_path(folder), seconds, found))
    hand.start()
    told = found.get(timeout=seconds + 120)
    hand.join()
    if isinstance(told, str):
        raise CampaignsError(f"the SQL by hand failed: {told}")
    expected, by_sql = told
    with served(folder) as (port, process):
        if money_over_http(port) != expected:
            raise CampaignsError("the API and the SQL by hand come to different money")
        publishing = Timer(seconds / 2, publish_again, [folder])
        publishing.start()
        seen: set[str] = set()
        times = under_load(lambda: over_http(port, seen), seconds)
        publishing.join()
        peak = memory_of(process.pid, "VmHWM")
    return Loads(rows, [by_sql, Load("HTTP, through a publish", times, seconds, peak, len(seen))])


def make(folder: Folder, rows: int) -> None:
    """Publish a snapshot of so many campaign-days, in the shapes of an empty build's."""
    empty = snapshot_path(folder)
    file = folder.published / "warehouse-made.duckdb"
    values = {"campaigns": max(ACCOUNTS, rows // DAYS), "last": LAST}
    with duckdb.connect() as database:
        database.execute(f"attach '{empty}' as empty (read_only); attach '{file}' as made")
        database.execute("create schema made.marts; create schema made.ops")
        tables = database.execute(
            "select schema_name || '.' || table_name from duckdb_tables() "
            "where database_name = 'empty'"
        ).fetchall()
        for (table,) in tables:
            database.execute(f"create table made.{table} as from empty.{table} limit 0")
        for table, made in MADE.items():
            given = {name: value for name, value in values.items() if f"${name}" in made}
            database.execute(f"insert into made.{table} by name {made}", given)
    _point(folder, file)


def publish_again(folder: Folder) -> None:
    """Publish the same rows as another snapshot."""
    draft = folder.published / "warehouse-again.draft"
    shutil.copy(snapshot_path(folder), draft)
    file = draft.with_suffix(".duckdb")
    swap(draft, file)
    _point(folder, file)


def _point(folder: Folder, file: Path) -> None:
    pointer = current(folder) or {}
    pointer |= {"version": file.stem, "database": file.name}
    swap_json(folder.published / "CURRENT.json", pointer)


def under_load(client: Callable[[], Callable[[Question], None]], seconds: float) -> Times:
    """Let clients ask for so long; raises what one of them met. Gives question and seconds."""
    times: Times = []
    failures: list[BaseException] = []
    end = time.perf_counter() + seconds

    def ask_on(first: int) -> None:
        try:
            ask = client()
            turn = first
            while (start := time.perf_counter()) < end:
                ask(QUESTIONS[turn % len(QUESTIONS)])
                times.append((turn % len(QUESTIONS), time.perf_counter() - start))
                turn += 1
        except BaseException as error:
            failures.append(error)

    clients = [Thread(target=ask_on, args=(number,)) for number in range(CLIENTS)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    if failures:
        raise CampaignsError(f"a client failed: {failures[0]!r}")
    return times


def by_hand(file: Path, seconds: float, found: Queue) -> None:
    """Ask the SQL by hand over cursors of one process; gives each question's money and the load."""
    try:
        with duckdb.connect(str(file), read_only=True) as database:
            answers = (database.execute(one.sql).to_arrow_table()["cost"] for one in QUESTIONS)
            money = [str(sum(costs.to_pylist())) for costs in answers]

            def client() -> Callable[[Question], None]:
                cursor = database.cursor()
                return lambda question: cursor.execute(question.sql).to_arrow_table()

            times = under_load(client, seconds)
        peak = memory_of(os.getpid(), "VmHWM")
        found.put((money, Load("SQL by hand", times, seconds, peak)))
    except BaseException as error:
        found.put(repr(error))
        raise


@contextmanager
def served(folder: Folder) -> Generator[tuple[int, subprocess.Popen[bytes]]]:
    """Run `campaigns serve` on a free port until the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "pipeline.cli", "serve", "--port", str(port)]
    with (folder.logs / "serve.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=PROJECT, stdout=log, stderr=log)
        try:
            _wait_for(port)
            yield port, process
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait_for(port: int) -> None:
    for _ in range(600):
        try:
            if _asked(HTTPConnection("127.0.0.1", port, timeout=60), "GET", "/health")[0] == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise CampaignsError("the server did not start")


def over_http(port: int, seen: set[str]) -> Callable[[Question], None]:
    """Give a client with a connection of its own, who notes which snapshots answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(question: Question) -> None:
        status, headers, body = _asked(connection, "POST", "/reports", question.request)
        if status != 200:
            raise CampaignsError(f"{question.name}: {status} {body[:300]!r}")
        seen.add(headers["X-Snapshot"])

    return ask


def money_over_http(port: int) -> list[str]:
    """Give each question's money as the API tells it."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    answers = (_asked(connection, "POST", "/reports", one.request)[2] for one in QUESTIONS)
    rows = (json.loads(body, parse_float=Decimal, parse_int=Decimal)["data"] for body in answers)
    return [f"{sum(row['cost'] for row in one):.9f}" for one in rows]


def _asked(
    connection: HTTPConnection, method: str, path: str, body: dict[str, Any] | None = None
) -> tuple[int, Message, bytes]:
    content = json.dumps(body) if body else None
    connection.request(method, path, content, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read()


def _cut(times: list[float], percent: int) -> float:
    """Give a percentile in milliseconds."""
    return 1000 * (quantiles(times, n=100)[percent - 1] if len(times) > 1 else sum(times))
