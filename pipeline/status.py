"""What is live, what is wrong and what to do: read from the warehouse, or from the snapshot."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import duckdb

from pipeline.build import last_build
from pipeline.publish import copied, current, reading
from pipeline.settings import Folder

DATASETS = """
select distinct schema_name from duckdb_tables()
where schema_name like 'raw\\_%' escape '\\' and table_name = 'loads' order by all"""
RAW_LOADS = """
select source, origin, arg_max(status, read_at) as status, arg_max(detail, read_at) as detail,
    max(read_at) as read_at
from {dataset}.loads
where _dlt_load_id in (select load_id from {dataset}._dlt_loads where status = 0)
group by all order by all"""
HELD = """
select reason, count(*) as rows, currency, sum(cost_held) as cost_held
from ops.quarantined_rows group by reason, currency order by rows desc, reason, currency"""


@dataclass
class Status:
    """The answer of `campaigns status`; rows are dicts with the columns of the query above."""

    snapshot: dict[str, Any] | None
    copies: dict[str, dict[str, str]] = field(default_factory=dict)
    build: dict[str, Any] | None = None
    loads: list[dict[str, Any]] = field(default_factory=list)
    held: list[dict[str, Any]] = field(default_factory=list)
    note: str | None = None

    @property
    def failures(self) -> list[dict[str, Any]]:
        """Units whose newest load could not be read."""
        return [load for load in self.loads if load["status"] == "failed"]

    @property
    def why_not_newer(self) -> str | None:
        """Why the live snapshot is not of the last build, None where it is."""
        if self.build is None:
            return "nothing was built yet: run `campaigns build`"
        if self.build["status"] == "killed":
            return "the last build was killed before it ended: run `campaigns build` again"
        if self.build["status"] != "success":
            return f"the last build failed: {self.build['failures']}"
        if not self.build["is_full"]:
            return "the last build covered a part of the models: run `campaigns build`"
        if self.snapshot is None or self.snapshot["build"] != self.build["invocation_id"]:
            return "the last build is not published yet: run `campaigns publish`"
        return None


def read_status(folder: Folder) -> Status:
    """Read the state; while a run is writing, what the snapshot knows."""
    status = Status(current(folder), copied(folder))
    if not folder.warehouse.exists():
        status.note = "no warehouse yet: run `campaigns collect`"
        return status
    try:
        database = duckdb.connect(str(folder.warehouse), read_only=True)
    except duckdb.IOException:
        status.note = "a run is writing to the warehouse; this is what the snapshot knows"
        if status.snapshot is not None:
            with reading(folder) as database:
                status.build = last_build(database)
                status.held = _rows(database, HELD)
        return status
    with database:
        status.build = last_build(database)
        for (dataset,) in database.execute(DATASETS).fetchall():
            status.loads += _rows(database, RAW_LOADS.format(dataset=dataset))
        status.held = _rows(database, HELD)
    return status


def _rows(database: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    """Run a query; nothing where its tables are not there yet."""
    try:
        return database.execute(query).to_arrow_table().to_pylist()
    except duckdb.CatalogException:
        return []


def lines(status: Status) -> list[str]:
    """Write the state for a reader, most important first."""
    told = [status.note] if status.note else []
    if status.snapshot is None:
        told.append("published: nothing yet")
    else:
        age = datetime.fromisoformat(status.snapshot["published_at"])
        told.append(f"published: {status.snapshot['version']}, {age:%Y-%m-%d %H:%M UTC}")
        for name, copy in status.copies.items():
            same = copy["version"] == status.snapshot["version"]
            which = "the same" if same else f"older: {copy['version']}"
            told.append(f"copy in {name}: {which}, {copy['where']}")
    if status.note is None and status.why_not_newer:
        told.append(f"not newer because: {status.why_not_newer}")
    if status.loads:
        newest = max(load["read_at"] for load in status.loads)
        count = len(status.loads)
        told.append(f"collected: {count} files and accounts, last {newest:%Y-%m-%d %H:%M UTC}")
    for load in status.failures:
        told.append(f"not read: {load['source']}: {load['origin']}: {load['detail']}")
    for row in status.held:
        line = f"quarantined: {row['rows']:,} rows, {row['reason']}"
        if row["cost_held"] is not None:
            line += f", holding {row['cost_held']:,.2f} {row['currency'] or 'of unknown currency'}"
        told.append(line)
    if status.failures:
        told.append("mend what is named above and run `campaigns run` again")
    return told
