"""The engine: bring what a collector yields into `raw_<dataset>`, through dlt.

Raw tables stand in the warehouse, or as files in the lake where one is set (ingestion/lake.py).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import dlt
import duckdb
from dlt.common.configuration.utils import get_resolved_traces
from dlt.common.pipeline import LoadInfo
from dlt.pipeline.exceptions import PipelineStepFailed

from ingestion.contract import LOADS, QUARANTINE, Batch, Collector, Table, Window
from ingestion.lake import Lake, with_slices
from pipeline.errors import CampaignsError


@dataclass
class Outcome:
    """What one collector brought: units read and failed, rows, rows held back and their money."""

    name: str
    unit: str
    units: int = 0
    rows: int = 0
    quarantined: int = 0
    cost_held: dict[str, Decimal] = field(default_factory=dict)
    failures: list[tuple[str, str]] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Whether nothing at all could be read."""
        return bool(self.failures) and not self.units

    def note(self, batch: Batch) -> None:
        """Count what passes by."""
        if batch.table is LOADS:
            for row in batch.rows.to_pylist():
                if row["status"] == "failed":
                    self.failures.append((row["origin"], row["detail"]))
                else:
                    self.units += 1
                    self.rows += row["row_count"] or 0
                    self.quarantined += row["quarantined_count"] or 0
        elif batch.table is QUARANTINE:
            held = batch.rows.group_by("currency").aggregate([("cost_held", "sum")])
            for row in held.to_pylist():
                if row["cost_held_sum"] is not None:
                    currency = row["currency"] or "of unknown currency"
                    before = self.cost_held.get(currency, Decimal(0))
                    self.cost_held[currency] = before + row["cost_held_sum"]


class WarehouseHistory:
    """What finished loads left in one dataset; read-only, and closed again after each question."""

    def __init__(self, warehouse: Path, dataset: str) -> None:
        self.warehouse = warehouse
        self.schema = f"raw_{dataset}"

    def rows(self, sql: str, tables: tuple[str, ...], parameters: list[Any]) -> list[tuple]:
        """Run `sql`, in which {table} stands for its rows of finished loads."""
        if not self.warehouse.exists():
            return []
        with duckdb.connect(str(self.warehouse), read_only=True) as database:
            known = database.execute(
                "select table_name from information_schema.tables where table_schema = ?",
                [self.schema],
            ).fetchall()
            if not {*tables, "_dlt_loads"} <= {name for (name,) in known}:
                return []
            finished = f"select load_id from {self.schema}._dlt_loads where status = 0"
            names = {
                name: f"(select * from {self.schema}.{name} where _dlt_load_id in ({finished}))"
                for name in tables
            }
            return database.execute(sql.format(**names), parameters).fetchall()


class LakeHistory:
    """What finished loads left of one dataset in the lake."""

    def __init__(self, lake: Lake, dataset: str) -> None:
        self.lake = lake
        self.schema = f"raw_{dataset}"

    def rows(self, sql: str, tables: tuple[str, ...], parameters: list[Any]) -> list[tuple]:
        """Run `sql`, in which {table} stands for its living rows of finished loads."""
        return self.lake.rows(self.schema, sql, tables, parameters)


def load(
    collector: Collector, window: Window, data_dir: Path, say: Callable[[str], None]
) -> Outcome:
    """Collect and load one collector.

    What an interrupted run left half-done is dropped first: finished loads are the only state, so
    the same slices are simply read again.
    """
    warehouse = data_dir / "warehouse.duckdb"
    lake = Lake.configured()
    outcome = Outcome(collector.name, collector.unit)
    pipeline = dlt.pipeline(
        pipeline_name=f"raw_{collector.dataset}",
        destination=lake.destination if lake else dlt.destinations.duckdb(str(warehouse)),
        dataset_name=f"raw_{collector.dataset}",
        pipelines_dir=str(data_dir / "dlt"),
    )
    pipeline.abort_packages()
    history = (
        LakeHistory(lake, collector.dataset)
        if lake
        else WarehouseHistory(warehouse, collector.dataset)
    )

    def batches() -> Iterator[Any]:
        try:
            for batch in collector.collect(window, history, say):
                if batch.rows.num_rows:
                    outcome.note(batch)
                    rows = with_slices(batch.table, batch.rows) if lake else batch.rows
                    hints = _appended(batch.table) if lake else _hints(batch.table)
                    yield dlt.mark.with_hints(rows, hints, create_table_variant=True)
        finally:
            # dlt writes every setting that was read so far into its trace file, secrets too
            # unless they were read as such.
            get_resolved_traces().clear()

    try:
        info: LoadInfo = pipeline.run(
            dlt.resource(batches, name=collector.name),
            loader_file_format="parquet" if lake else None,
        )
        info.raise_on_failed_jobs()
    except PipelineStepFailed as error:
        pipeline.abort_packages()
        raise _root(error) from error
    return outcome


def _root(error: BaseException) -> BaseException:
    """What really happened, below dlt's wrappers; what is told already stays as it is."""
    while error.__cause__ is not None and not isinstance(error, CampaignsError):
        error = error.__cause__
    return error


def _hints(table: Table) -> Any:
    """Hints for dlt on a raw table: append, or replace all rows that share the key."""
    if not table.key:
        return _appended(table)
    return dlt.mark.make_hints(
        table_name=table.name,
        write_disposition={"disposition": "merge", "strategy": "delete-insert"},
        merge_key=list(table.key),
        columns={"_deleted": {"hard_delete": True}},
    )


def _appended(table: Table) -> Any:
    return dlt.mark.make_hints(table_name=table.name, write_disposition="append")
