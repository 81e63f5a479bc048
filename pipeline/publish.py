"""Publish: write a versioned read-only snapshot of the marts, then swap one small pointer.

Readers follow `CURRENT.json`; a file that it ever named is never written again, so a reader that
has an older snapshot open finishes undisturbed.
"""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from pipeline.build import last_build
from pipeline.console import task
from pipeline.errors import CampaignsError
from pipeline.settings import Folder

SCHEMAS = ("marts", "ops")
KEEP = 5
RELATIONS = """
select database_name, schema_name, table_name, comment from duckdb_tables()
union all select database_name, schema_name, view_name, comment from duckdb_views()"""


def publish(folder: Folder, fingerprint: str | None = None) -> dict[str, Any]:
    """Publish what the last build made; refuses a build that failed or was partial.

    `fingerprint` says what it was built from (see pipeline.fingerprint). Returns the pointer:
    version, database (file name), published_at, build, fingerprint, tables (rows by table).
    """
    if not folder.warehouse.exists():
        raise CampaignsError("nothing to publish: run `campaigns collect` and `campaigns build`")
    folder.published.mkdir(exist_ok=True)
    version = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    target = folder.published / f"warehouse-{version}.duckdb"
    draft = target.with_suffix(".draft")
    with task("publishing a snapshot"):
        try:
            build = _checked_build(folder)
            tables = _copy(folder.warehouse, draft)
            _sync(draft)
            draft.rename(target)
        finally:
            draft.unlink(missing_ok=True)
        pointer = {
            "version": version,
            "database": target.name,
            "published_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "build": build["invocation_id"],
            "fingerprint": fingerprint,
            "tables": tables,
        }
        _swap(folder.published / "CURRENT.json", pointer)
        for old in sorted(folder.published.glob("warehouse-*.duckdb"))[:-KEEP]:
            old.unlink()
    return pointer


def current(folder: Folder) -> dict[str, Any] | None:
    """Read the pointer to the live snapshot, None before the first publish."""
    path = folder.published / "CURRENT.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def snapshot_path(folder: Folder) -> Path:
    """Find the live snapshot; raises CampaignsError where nothing was published yet."""
    pointer = current(folder)
    if pointer is None:
        raise CampaignsError("nothing is published yet: run `campaigns publish`")
    return folder.published / pointer["database"]


def _checked_build(folder: Folder) -> dict[str, Any]:
    with duckdb.connect(str(folder.warehouse), read_only=True) as database:
        build = last_build(database)
    if build is None:
        raise CampaignsError("nothing to publish: run `campaigns build` first")
    if build["status"] != "success" or not build["is_full"]:
        why = "failed" if build["status"] != "success" else "covered only a part of the models"
        raise CampaignsError(
            f"not published: the last build {why}; readers keep the last snapshot. "
            "Run `campaigns build`, then `campaigns publish`"
        )
    return build


def _copy(warehouse: Path, draft: Path) -> dict[str, int]:
    """Copy the published schemas, with their comments, into a new file; views become tables.

    Views name the warehouse by its file's stem, so it is attached under that name.
    """
    draft.unlink(missing_ok=True)
    built = warehouse.stem
    with duckdb.connect(str(draft)) as database:
        database.execute(f"attach '{_quoted(warehouse)}' as \"{built}\" (read_only)")
        found = database.execute(
            f"select schema_name, table_name, comment from ({RELATIONS}) "
            "where database_name = ? and schema_name in (select unnest(?)) order by all",
            [built, list(SCHEMAS)],
        ).fetchall()
        counts = {}
        for schema, table, comment in found:
            name = f'"{schema}"."{table}"'
            database.execute(f'create schema if not exists "{schema}"')
            database.execute(f'create table {name} as from "{built}".{name}')
            _comment(database, f"table {name}", comment)
            counted = database.execute(f"select count(*) from {name}").fetchone()
            counts[f"{schema}.{table}"] = counted[0] if counted else 0
        columns = database.execute(
            "select schema_name, table_name, column_name, comment from duckdb_columns() "
            "where database_name = ? and schema_name in (select unnest(?)) "
            "and comment is not null",
            [built, list(SCHEMAS)],
        ).fetchall()
        for schema, table, column, comment in columns:
            if f"{schema}.{table}" in counts:
                _comment(database, f'column "{schema}"."{table}"."{column}"', comment)
        database.execute(f'detach "{built}"')
        database.execute("checkpoint")
    return counts


def _comment(database: duckdb.DuckDBPyConnection, what: str, text: str | None) -> None:
    if text:
        database.execute(f"comment on {what} is '{_quoted(text)}'")


def _quoted(text: object) -> str:
    return str(text).replace("'", "''")


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _swap(path: Path, content: dict[str, Any]) -> None:
    """Replace a small JSON file in one step."""
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    _sync(draft)
    draft.replace(path)
    _sync(path.parent)
