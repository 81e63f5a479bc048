"""The engine: bring what a collector yields into `raw_<dataset>`, through dlt.

Where raw tables stand is a store's business (ingestion/stores.py).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import dlt
from dlt.common.configuration.utils import get_resolved_traces
from dlt.common.pipeline import LoadInfo
from dlt.pipeline.exceptions import PipelineStepFailed

from ingestion.contract import LOADS, QUARANTINE, Batch, Collector, Table, Window
from ingestion.lake import with_slices
from ingestion.stores import StoreHistory, configured_store
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


def load(
    collector: Collector, window: Window, data_dir: Path, say: Callable[[str], None]
) -> Outcome:
    """Collect and load one collector.

    What an interrupted run left half-done is dropped first: finished loads are the only state, so
    the same slices are simply read again.
    """
    store = configured_store(data_dir)
    outcome = Outcome(collector.name, collector.unit)
    pipeline = dlt.pipeline(
        pipeline_name=f"raw_{collector.dataset}",
        destination=store.destination,
        dataset_name=f"raw_{collector.dataset}",
        pipelines_dir=str(data_dir / "dlt"),
    )
    pipeline.abort_packages()
    history = StoreHistory(store, f"raw_{collector.dataset}")

    def batches() -> Iterator[Any]:
        try:
            for batch in collector.collect(window, history, say):
                if batch.rows.num_rows:
                    outcome.note(batch)
                    rows = with_slices(batch.table, batch.rows) if store.adds else batch.rows
                    hints = _added(batch.table) if store.adds else _hints(batch.table)
                    yield dlt.mark.with_hints(rows, hints, create_table_variant=True)
        finally:
            # dlt writes every setting that was read so far into its trace file, secrets too
            # unless they were read as such.
            get_resolved_traces().clear()

    file_format: Any = "parquet" if store.adds else None
    try:
        info: LoadInfo = pipeline.run(
            dlt.resource(batches, name=collector.name),
            loader_file_format=file_format,
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
        return _added(table)
    return dlt.mark.make_hints(
        table_name=table.name,
        write_disposition={"disposition": "merge", "strategy": "delete-insert"},
        merge_key=list(table.key),
        columns={"_deleted": {"hard_delete": True}},
    )


def _added(table: Table) -> Any:
    return dlt.mark.make_hints(table_name=table.name, write_disposition="append")
