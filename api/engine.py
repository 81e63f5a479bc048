"""Reports: questions to the published snapshot, for HTTP, the command line and notebooks.

A process opens the snapshot read-only inside an in-memory database that can reach no other file,
and follows the pointer: a query that has begun ends on the snapshot it began with.
"""

import json
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from api.catalogue import (
    Catalogue,
    Dimension,
    Mart,
    Metric,
    NamedSegment,
    read_catalogue,
)
from api.compiler import Output, Plan, Question, compile_rows, compile_totals, first_day, resolve
from api.coverage import Rows, coverage_of
from api.errors import RequestError, shown
from api.report import Column, Kind, Report
from api.request import ReportRequest, parse_request
from api.where import parse_where
from pipeline.errors import CampaignsError
from pipeline.settings import Folder

ROW_LIMIT = 1_000_000
COVERAGES = 1000  # ranges of accounts whose coverage is remembered
COMPARED = ("is_complete", "is_mature", "days", "incomplete_days", "immature_days")
KINDS: tuple[tuple[Kind, Callable[[pa.DataType], bool]], ...] = (
    ("text", pa.types.is_string),
    ("date", pa.types.is_date),
    ("integer", pa.types.is_integer),
    ("decimal", pa.types.is_decimal),
    ("double", pa.types.is_floating),
    ("boolean", pa.types.is_boolean),
)
Watch = Callable[[duckdb.DuckDBPyConnection], None]


@dataclass(frozen=True)
class Live:
    """A snapshot that is open: its database, and what can be asked of it."""

    version: str
    pointer: Mapping[str, Any]
    database: duckdb.DuckDBPyConnection
    catalogue: Catalogue
    last_day: date
    coverages: dict[Any, dict[str, Any]] = field(default_factory=dict)


class Reports:
    """Answers requests from the live snapshot; one object serves many threads.

    Reports.open().query(metrics=["cost", "roas"], by=["platform", "week"],
                         where='channel = search', since="2026-10-01", until="2026-10-31")
    """

    def __init__(self, published: Path, row_limit: int = ROW_LIMIT) -> None:
        self.published = published
        self.row_limit = row_limit
        self._lock = threading.Lock()
        self._live: Live | None = None

    @classmethod
    def open(cls, folder: Path | str | None = None, row_limit: int = ROW_LIMIT) -> "Reports":
        """Open the snapshot of a data folder, by default CAMPAIGNS_DATA_DIR's.

        `row_limit` is the longest answer. Raises CampaignsError where nothing was published yet.
        """
        published = Path(folder) / "published" if folder else Folder().published
        reports = cls(published, row_limit)
        reports.live()
        return reports

    def live(self) -> Live:
        """Follow the pointer; the snapshot before it stays open for queries that read it."""
        while True:
            pointer = self._pointer()
            live = self._live
            if live is not None and live.version == pointer["version"]:
                return live
            with self._lock:
                if self._live is None or self._live.version != pointer["version"]:
                    try:
                        self._live = _open(self.published, pointer)
                    except (duckdb.IOException, FileNotFoundError):
                        # Newer snapshots came and it is gone; else it is a true failure.
                        if self._pointer() == pointer:
                            raise
                        continue
                return self._live

    def _pointer(self) -> dict[str, Any]:
        try:
            pointer = json.loads((self.published / "CURRENT.json").read_text())
        except FileNotFoundError:
            raise CampaignsError(
                f"nothing is published in {self.published}: run `campaigns publish`"
            ) from None
        if "semantic_manifest" not in pointer:
            raise CampaignsError(
                "the snapshot is older than the reporting engine: run `campaigns build` and "
                "`campaigns publish`"
            )
        return pointer

    @property
    def snapshot(self) -> str:
        """Version of the live snapshot, which every answer names."""
        return self.live().version

    def metrics(self) -> list[Metric]:
        """List the metrics, as published."""
        return list(self.live().catalogue.metrics.values())

    def dimensions(self) -> list[Dimension]:
        """List the dimensions, by name."""
        return list(self.live().catalogue.dimensions.values())

    def segments(self) -> list[NamedSegment]:
        """List the named segments."""
        return list(self.live().catalogue.segments.values())

    def query(
        self,
        request: ReportRequest | Mapping[str, Any] | None = None,
        /,
        *,
        on_cursor: Watch | None = None,
        row_limit: int | None = None,
        by: Collection[str] = (),
        since: date | str | None = None,
        until: date | str | None = None,
        where: str | None = None,
        **fields: Any,
    ) -> Report:
        """Answer a request, given whole or by its fields (those of ReportRequest, and short ones).

        `by` are dimensions, `since` and `until` the first and last day, `where` a condition as
        the command line takes it. `on_cursor` is given the cursor that is about to run, which
        another thread may interrupt. Raises RequestError for a request that has no answer.
        """
        asked = parse_request(_given(request, by, since, until, where, fields))
        live = self.live()
        cursor = live.database.cursor()
        if on_cursor:
            on_cursor(cursor)
        try:
            return _answer(live, asked, cursor, row_limit or self.row_limit)
        finally:
            cursor.close()


def _given(
    request: Any, by: Collection[str], since: Any, until: Any, where: str | None, fields: Any
) -> Any:
    if request is not None:
        return request
    given = dict(fields)
    if by:
        given["dimensions"] = [*given.get("dimensions", ()), *([by] if isinstance(by, str) else by)]
    if since or until:
        given["time_range"] = {"start_date": since, "end_date": until}
    if where:
        given["segments"] = [*given.get("segments", ()), parse_where(where)]
    for name in ("metrics", "dimensions", "segments", "order_by"):
        if isinstance(given.get(name), (str, Mapping)):
            given[name] = [given[name]]
    return given


def _open(published: Path, pointer: Mapping[str, Any]) -> Live:
    definitions = json.loads((published / pointer["semantic_manifest"]).read_text())
    database = duckdb.connect(
        ":memory:", config={"python_enable_replacements": "false", "temp_directory": ""}
    )
    path = str(published / pointer["database"]).replace("'", "''")
    database.execute(f"attach '{path}' as snapshot (read_only)")
    database.execute("set enable_external_access = false")
    database.execute("set lock_configuration = true")

    def describe(table: str, expression: str) -> str | None:
        try:
            found = database.execute(
                f'describe select {expression} as figure from snapshot.marts."{table}"'
            ).fetchone()
        except duckdb.BinderException:
            return None
        return found[1] if found else None

    catalogue = read_catalogue(definitions, describe)
    found = database.execute(
        f'select max("{catalogue.marts[0].day}") from {catalogue.marts[0].sql}'
    ).fetchone()
    last_day = found[0] if found and found[0] else datetime.now(UTC).date()
    return Live(pointer["version"], pointer, database, catalogue, last_day)


def _answer(
    live: Live, request: ReportRequest, cursor: duckdb.DuckDBPyConnection, row_limit: int
) -> Report:
    def check(expression: str) -> None:
        try:
            cursor.execute("select regexp_matches('', $expression)", {"expression": expression})
        except duckdb.Error as error:
            said = str(error).splitlines()[0].split(": ", 1)[-1]
            raise RequestError(
                f"{shown(expression)} is no regular expression: {said}",
                "invalid_segment",
                "segments",
            ) from None

    def rows(sql: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        return cursor.execute(sql, parameters).to_arrow_table().to_pylist()

    question = resolve(request, live.catalogue, live.last_day, check)
    most = min(request.limit or row_limit, row_limit)
    plan = compile_rows(question, most + 1, request.offset)
    table = cursor.execute(plan.sql, plan.parameters).to_arrow_table()
    if table.num_rows > most and (request.limit is None or request.limit > row_limit):
        raise RequestError(
            f"the answer has more than {row_limit:,} rows: ask for a limit and pages by offset, "
            "fewer dimensions or a coarser grain",
            "too_many_rows",
            "limit",
        )
    return Report(
        name=request.name,
        start=question.start,
        end=question.end,
        currency=live.catalogue.currency,
        columns=tuple(_column(output, table, live.catalogue) for output in plan.columns),
        rows=table.slice(0, most),
        snapshot=live.version,
        generated_at=datetime.now(UTC),
        coverage=_coverage(live, question, plan.mart, rows),
        totals=_totals(compile_totals(question), plan, rows) if request.totals else None,
        grain=question.grain,
        offset=request.offset,
        has_more=table.num_rows > most,
        compared=(question.shift.start, question.shift.end) if question.shift else None,
    )


def _coverage(live: Live, question: Question, mart: Mart, rows: Rows) -> dict[str, Any]:
    """Tell the coverage of all days that the figures rest on, those compared with apart."""

    def told(start: date, end: date) -> dict[str, Any]:
        days = replace(question, start=first_day(question, start, end), end=end)
        bound = question.parameters.items()
        asked = (question.condition, *bound, days.start, days.end, mart.name)
        known = live.coverages.get(asked)
        if known is None:
            known = coverage_of(days, mart, rows)
            if len(live.coverages) >= COVERAGES:
                live.coverages.clear()
            live.coverages[asked] = known
        return known

    now = told(question.start, question.end)
    if question.shift is None:
        return now
    before = told(question.shift.start, question.shift.end)
    notes = [*now["notes"], *(f"Compared with: {note}" for note in before["notes"])]
    return now | {"compared": {key: before[key] for key in COMPARED}, "notes": notes}


def _totals(totals: Plan, plan: Plan, rows: Any) -> dict[str, Any]:
    """Give the totals, with null for money of several currencies."""
    found = rows(totals.sql, totals.parameters)
    row = found[0] if found else {}
    return {output.name: row.get(output.name) for output in plan.columns if output.metric}


def _column(output: Output, table: pa.Table, catalogue: Catalogue) -> Column:
    kind = _kind(table.schema.field(output.name).type)
    metric = output.metric
    if metric is None:
        dimension = catalogue.dimensions.get(output.name)
        label = dimension.label if dimension else "Partial"
        return Column(output.name, kind, label)
    if output.role == "change":
        return Column(
            output.name, kind, f"{metric.label}, change", "share", "none", metric.more_is_better
        )
    label = f"{metric.label}, before" if output.role == "previous" else metric.label
    additivity = metric.additivity
    return Column(output.name, kind, label, metric.unit, additivity, metric.more_is_better)


def _kind(of: pa.DataType) -> Kind:
    return next(kind for kind, holds in KINDS if holds(of))
