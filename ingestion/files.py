"""The generic platform: exports described by a spec, read into `raw_files`.

State is what finished loads left in the warehouse, nothing else: a file whose content and spec
are unchanged is passed over; a file that changed replaces its slices, and slices it no longer
holds vanish, or come back from an older file that holds them too. Where two files hold the same
slice the later name wins, unless the spec says that files add up.
"""

import csv
import gzip
import hashlib
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa

from ingestion.contract import (
    LOADS,
    MEASURES,
    QUARANTINE,
    RECEIPTS,
    Batch,
    History,
    Table,
    Window,
    columns,
)
from ingestion.parse import Parser
from ingestion.readers import Export, find_exports, read_rows
from ingestion.spec import TEXTS, Spec
from pipeline.errors import CampaignsError

CHUNK = 50_000
csv.field_size_limit(1 << 24)
UNREADABLE = (
    CampaignsError,
    EOFError,
    PermissionError,
    UnicodeError,
    csv.Error,
    gzip.BadGzipFile,
    zipfile.BadZipFile,
    zlib.error,
)

SLICE = ("platform", "account_id", "part", "date")
PERFORMANCE = Table(
    "performance",
    columns(
        {
            "source": pa.string(),
            "part": pa.string(),
            "origin": pa.string(),
            "platform": pa.string(),
            "account_id": pa.string(),
            "grain": pa.string(),
            "date": pa.date32(),
        },
        {"line": pa.int64()}
        | {name: pa.string() for name in TEXTS if name not in ("platform", "account_id")}
        | MEASURES
        | {"_deleted": pa.bool_()},
    ),
    key=("source", *SLICE),
)
SLICES = pa.schema([PERFORMANCE.schema.field(name) for name in SLICE])
OWNED = SLICES.append(pa.field("origin", pa.string())).append(pa.field("was", pa.string()))


class FilePlatform:
    """A collector over the files of one spec; `root` is where its relative globs start."""

    dataset = "files"
    unit = "file"

    def __init__(self, spec: Spec, root: Path) -> None:
        self.spec = spec
        self.name = spec.name
        self.root = root

    def collect(
        self, window: Window, history: History, say: Callable[[str], None]
    ) -> Iterator[Batch]:
        """Yield the slices of new and changed files; see the module's text for the rules."""
        exports = {export.origin: export for export in find_exports(self.spec, self.root)}
        hashes = {origin: self._hash(export) for origin, export in exports.items()}
        finished = self._finished_loads(history)
        again = window.full_refresh or window.bounded
        todo = [name for name in exports if again or finished.get(name) != hashes[name]]
        for name in list(todo):
            twins = [other for other in exports if hashes[other] == hashes[name] and other < name]
            if twins:
                say(f"{name} is a copy of {twins[0]}: passed over")
                todo.remove(name)
        if len(todo) < len(exports):
            say(f"{len(exports) - len(todo)} of {len(exports)} files unchanged")
        owned = self._owned_slices(history)
        run = _Run(self.spec, window, owned, say)
        for name in reversed(todo):
            yield from run.read(exports[name], hashes[name])
        if window.full_refresh:
            yield from run.forget(set(exports))
        for name in reversed(self._fallbacks(history, run.vanished, set(exports) - set(todo))):
            yield from run.read(exports[name], hashes[name], only=run.vanished)

    def _hash(self, export: Export) -> str:
        """Fingerprint of the file's bytes, the archive's member and the way the spec reads it."""
        with export.path.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
        parts = f"{content} {export.member} {self.spec.fingerprint}"
        return hashlib.sha256(parts.encode()).hexdigest()

    def _finished_loads(self, history: History) -> dict[str, str]:
        rows = history.rows(
            "select origin, arg_max(content_hash, read_at) from {loads} "
            "where source = ? and status = 'loaded' group by origin",
            ("loads",),
            [self.name],
        )
        return dict(rows)

    def _owned_slices(self, history: History) -> pa.Table:
        """List the slices that stand in the warehouse and the file that each came from."""
        rows = history.rows(
            "select platform, account_id, part, date, arg_max(origin, read_at) as origin, "
            "arg_max(status, read_at) as was from {receipts} where source = ? group by all",
            ("receipts",),
            [self.name],
        )
        owned = [dict(zip(OWNED.names, row, strict=True)) for row in rows if row[-1] == "loaded"]
        return pa.Table.from_pylist(owned, schema=OWNED)

    def _fallbacks(self, history: History, vanished: pa.Table, others: set[str]) -> list[str]:
        """List unchanged files whose days include one that a later file has lost."""
        lost = vanished["date"].to_pylist()
        rows = history.rows(
            "select origin, min(first_date), max(last_date) from {loads} "
            "where source = ? and status = 'loaded' group by origin",
            ("loads",),
            [self.name],
        )
        spans = [(origin, first, last) for origin, first, last in rows if origin in others]
        return sorted(
            origin for origin, first, last in spans if any(first <= day <= last for day in lost)
        )


class _Run:
    """One collect over one spec: what was taken so far, and the reading of one file."""

    def __init__(
        self, spec: Spec, window: Window, owned: pa.Table, say: Callable[[str], None]
    ) -> None:
        self.spec = spec
        self.window = window
        self.owned = owned
        self.say = say
        self.taken = SLICES.empty_table()
        self.vanished = SLICES.empty_table()

    def read(
        self, export: Export, content_hash: str, only: pa.Table | None = None
    ) -> Iterator[Batch]:
        """Read a file to its end before yielding anything: it loads whole or not at all."""
        record = {"source": self.spec.name, "origin": export.origin, "read_at": datetime.now(UTC)}
        with (
            tempfile.TemporaryDirectory(prefix="campaigns-") as folder,
            duckdb.connect(str(Path(folder, "spool.duckdb"))) as database,
        ):
            try:
                skipped = self._parse(export, database)
            except UNREADABLE as error:
                detail = " ".join(str(error).split()) or type(error).__name__
                self.say(f"{export.origin}: not loaded: {detail}")
                yield LOADS.batch([record | {"status": "failed", "detail": detail}])
                return
            self._arrange(database, record, only)
            yield from _stream(database, PERFORMANCE, "select * from good")
            yield from _stream(database, QUARANTINE, QUARANTINED)
            yield from _stream(database, RECEIPTS, LOADED)
            if not self.window.bounded and only is None:
                step = STEPS[self.spec.grain]
                yield from _stream(database, RECEIPTS, EMPTY.replace("$step", step))
                yield from self._vanish(database, export.origin)
            self.taken = pa.concat_tables([self.taken, _slices(database, "good")])
            (summary,) = database.execute(SUMMARY).to_arrow_table().to_pylist()
            details = self._details(database, skipped + summary.pop("notes"))
            for detail in details:
                self.say(f"{export.origin}: {detail}")
            yield LOADS.batch(
                [
                    record
                    | summary
                    | {"status": "loaded", "detail": "; ".join(details) or None}
                    | {"content_hash": None if self.window.bounded else content_hash}
                ]
            )

    def forget(self, existing: set[str]) -> Iterator[Batch]:
        """Remove what stands in the warehouse from files that are no longer there."""
        gone = [row for row in self.owned.to_pylist() if row["origin"] not in existing]
        yield from self._tombstones(gone, "the file it came from is gone")

    def _parse(self, export: Export, database: duckdb.DuckDBPyConnection) -> int:
        header, rows = read_rows(export, self.spec)
        parser = Parser(self.spec, header, database)
        while chunk := list(islice(rows, CHUNK)):
            parser.read(chunk)
        return parser.skipped

    def _arrange(
        self, database: duckdb.DuckDBPyConnection, record: dict, only: pa.Table | None
    ) -> None:
        """Bring what the queries below need into the file's database."""
        settings = record | {
            "report": self.spec.report,
            "grain": self.spec.grain,
            "part": record["origin"] if self.spec.overlap == "add" else "",
            "since": self.window.since or date.min,
            "until": self.window.until or date.max,
        }
        database.register("settings", pa.Table.from_pylist([settings]))
        database.register("taken", self.taken)
        database.register("owned", self.owned)
        database.register("wanted", SLICES.empty_table() if only is None else only)
        database.execute(IN_WINDOW)
        database.execute(GOOD + (f" semi join wanted using ({KEY})" if only is not None else ""))

    def _vanish(self, database: duckdb.DuckDBPyConnection, origin: str) -> Iterator[Batch]:
        """Remove the slices that this file brought once and no longer holds."""
        lost = _slices(database, f"({VANISHED})")
        self.vanished = pa.concat_tables([self.vanished, lost])
        rows = [row | {"origin": origin} for row in lost.to_pylist()]
        yield from self._tombstones(rows, "no longer in the file")

    def _tombstones(self, rows: list[dict], detail: str) -> Iterator[Batch]:
        if not rows:
            return
        now = {"source": self.spec.name, "grain": self.spec.grain, "read_at": datetime.now(UTC)}
        receipt = now | {"report": self.spec.report, "status": "empty", "detail": detail}
        keep = [*SLICE, "origin"]
        slices = [{name: row[name] for name in keep} for row in rows]
        removal = {"source": now["source"], "grain": now["grain"], "_deleted": True}
        yield PERFORMANCE.batch([row | removal for row in slices])
        yield RECEIPTS.batch([row | receipt | {"row_count": 0} for row in slices])

    def _details(self, database: duckdb.DuckDBPyConnection, passed_over: int) -> list[str]:
        """Say what a reader of the load should know: lines passed over, slices replaced."""
        unit = f"account-{self.spec.grain}s"
        details = [f"{passed_over} lines passed over (totals, notes)"] if passed_over else []
        for (given_up,) in database.execute(GIVEN_UP).fetchall():
            if given_up:
                details.append(f"{given_up} {unit} left to a later file that holds them too")
        for origin, count in database.execute(REPLACED).fetchall():
            details.append(f"replaces {count} {unit} of {origin}")
        return details


KEY = ", ".join(SLICE)
IN_WINDOW = """
create view in_window as
select source, part, origin, grain, parsed.*
from parsed, settings
where reason is null and date between since and until"""
GOOD = f"create view good as select * from in_window anti join taken using ({KEY})"
LOADED = f"""
select source, platform, account_id, report, grain, part, origin, date, 'loaded' as status,
    cast(null as varchar) as detail, count(*) as row_count,
    {", ".join(f"sum({name}) as {name}" for name in MEASURES)}, read_at
from good join settings using (source, origin, part, grain)
group by all"""
QUARANTINED = """
select source, origin, platform, account_id, line, date, reason, detail, raw_text,
    cost as cost_held, currency, read_at, cast(null as boolean) as _deleted
from parsed, settings
where reason is not null and reason <> 'note'
union all
select source, origin, null, null, null, null, null, null, null, null, null, read_at, true
from settings"""
# Periods between the file's first and last that an account has no row for: the file was asked
# and had nothing, unless another file brought them.
EMPTY = f"""
with accounts as (select distinct platform, account_id, part from in_window),
periods as (
    select cast(unnest(generate_series(min(date), max(date), $step)) as date) as date
    from in_window
)
select source, platform, account_id, report, grain, part, origin, date, 'empty' as status,
    cast(null as varchar) as detail, 0 as row_count, read_at
from accounts cross join periods join settings using (part)
anti join in_window using ({KEY})
anti join taken using ({KEY})
anti join owned using ({KEY})"""
STEPS = {"day": "interval 1 day", "week": "interval 7 days", "month": "interval 1 month"}
VANISHED = f"""
select * from (select * from owned where origin = (select origin from settings))
anti join in_window using ({KEY})"""
GIVEN_UP = f"""
select count(*) from (select distinct {KEY} from in_window semi join taken using ({KEY}))"""
REPLACED = f"""
select owned.origin, count(*) from owned semi join good using ({KEY})
where owned.origin <> (select origin from settings)
group by owned.origin order by owned.origin"""
SUMMARY = """
select count(*) filter (reason is null) as row_count,
    count(*) filter (reason <> 'note') as quarantined_count,
    min(date) filter (reason is null) as first_date,
    max(date) filter (reason is null) as last_date,
    count(*) filter (reason = 'note') as notes
from parsed"""


def _slices(database: duckdb.DuckDBPyConnection, relation: str) -> pa.Table:
    return database.execute(f"select distinct {KEY} from {relation}").to_arrow_table().cast(SLICES)


def _stream(database: duckdb.DuckDBPyConnection, table: Table, query: str) -> Iterator[Batch]:
    """Yield a query's rows as batches of a raw table; columns it does not give are null."""
    for batch in database.execute(query).to_arrow_reader(CHUNK):
        rows = pa.Table.from_batches([batch])
        arrays = [
            rows[field.name].cast(field.type)
            if field.name in rows.column_names
            else pa.nulls(rows.num_rows, field.type)
            for field in table.schema
        ]
        yield Batch(table, pa.table(arrays, schema=table.schema))
