"""Parquet files, one folder a snapshot and one a month, with a manifest.

`CURRENT.json` names the live folder. Readers resolve it once and then read only below that
folder: it never changes, and the last snapshots stay (KEEP of them).
"""

import shutil
from pathlib import Path
from typing import Any

import duckdb

from pipeline.settings import Folder, setting
from pipeline.targets.durable import swap_json, sync
from pipeline.targets.snapshot import KEEP, PublishedTable, Snapshot, quoted

# A table with one of these days is cut into folders month=YYYY-MM; dimensions are not.
DAYS = ("date_day", "week_start", "month_start")


class Parquet:
    """Copies to `publish.parquet.path`, or published/parquet of the data folder."""

    def __init__(self, folder: Folder) -> None:
        self.root = Path(setting("publish.parquet.path") or folder.published / "parquet").absolute()

    def write(self, snapshot: Snapshot) -> str:
        """Write a new folder beside the live one, then point at it."""
        self.root.mkdir(parents=True, exist_ok=True)
        for left in self.root.glob(".draft-*"):
            shutil.rmtree(left)
        draft, final = self.root / f".draft-{snapshot.version}", self.root / snapshot.version
        draft.mkdir()
        with snapshot.opened() as database:
            tables = [_copy(database, table, draft) for table in snapshot.tables(database)]
        head = {key: snapshot.pointer[key] for key in ("version", "published_at", "build")}
        swap_json(draft / "manifest.json", head | {"tables": tables})
        for path in draft.rglob("*"):
            sync(path)
        if final.exists():
            shutil.rmtree(final)
        draft.rename(final)
        swap_json(self.root / "CURRENT.json", head | {"folder": final.name})
        for old in sorted(path for path in self.root.iterdir() if path.is_dir())[:-KEEP]:
            shutil.rmtree(old)
        return str(self.root)


def _copy(database: duckdb.DuckDBPyConnection, table: PublishedTable, draft: Path) -> dict:
    """Write one table; returns its entry in the manifest."""
    target = draft / table.schema / table.name
    target.mkdir(parents=True)
    day = _day(table)
    rows, options, place = f"from snapshot.{table.path}", "format parquet, compression zstd", target
    # No row makes no folder: an empty table is one file, which still tells the types.
    if day is not None and table.rows:
        rows = f"select *, strftime({day}, '%Y-%m') as month {rows}"
        options += ", partition_by (month)"
    else:
        place = target / "data_0.parquet"
    database.execute(f"copy ({rows}) to '{quoted(place)}' ({options})")
    entry: dict[str, Any] = {
        "schema": table.schema,
        "name": table.name,
        "description": table.comment,
        "partitioned_by_month_of": day,
        "rows": table.rows,
    }
    return entry | {
        "columns": [
            {"name": column.name, "type": column.type, "description": column.comment}
            for column in table.columns
        ]
    }


def _day(table: PublishedTable) -> str | None:
    if table.name.startswith("dim_"):
        return None
    names = {column.name for column in table.columns if column.type == "DATE"}
    return next((day for day in DAYS if day in names), None)
