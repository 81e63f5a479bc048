"""Whether anything changed: fingerprints of what a build and a site are made from."""

import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from pipeline.settings import PROJECT, Folder

DBT_FILES = ("models", "macros", "seeds", "tests/data", "dbt_project.yml", "profiles.yml")
SITE_FILES = (
    *("pages", "sources", "components", "partials"),
    *("evidence.config.yaml", "package.json", "package-lock.json"),
)


# What holds of each slice and each unit, whenever it was read.
LATEST = {
    "receipts": """
        select platform, account_id, report, grain, part, date,
            arg_max(source, read_at) as source, arg_max(status, read_at) as status,
            arg_max(coalesce(detail, ''), read_at) as detail
        from {rows} group by all""",
    "loads": """
        select source, origin, arg_max(status, read_at) as status,
            arg_max(coalesce(detail, ''), read_at) as detail
        from {rows} group by all""",
}
TABLES = """
select table_name, schema_name from duckdb_tables()
where schema_name like 'raw\\_%' escape '\\' and not starts_with(table_name, '_dlt')
    and schema_name in (select schema_name from duckdb_tables() where table_name = '_dlt_loads')
order by all"""
FINISHED = """(
    select columns(lambda name: not list_contains({hidden}, name)) from {schema}.{table}
    where _dlt_load_id in (select load_id from {schema}._dlt_loads where status = 0)
)"""
CONTENT = "select count(*), sum(hash(one)) from ({rows}) as one"


def of_build(folder: Folder) -> str:
    """Fingerprint of the dbt project, what was read and the day (coverage depends on it).

    Reading the same again is nothing new: neither the moment nor the load counts, but what they
    brought, and which source read a slice last. Elsewhere than in the warehouse
    each load is new.
    """
    from ingestion.stores import Warehouse, configured_store  # dlt takes seconds to import

    store = configured_store(folder.path)
    if not isinstance(store, Warehouse):
        return _digest(DBT_FILES, PROJECT, [*store.loads(), *_settings()])
    with duckdb.connect(str(folder.warehouse), read_only=True) as database:
        found = _contents(database)
    return _digest(DBT_FILES, PROJECT, [*found, *_settings()])


def _settings() -> list[object]:
    named = sorted(item for item in os.environ.items() if item[0].startswith("DBT_"))
    return [*named, datetime.now(UTC).date()]


def _contents(database: duckdb.DuckDBPyConnection) -> list[tuple]:
    """Count and sum of hashes of every raw table; the tables of record taken together."""
    records: dict[str, list[str]] = {name: [] for name in LATEST}
    found: list[tuple] = []

    def add(name: str, rows: str) -> None:
        content = database.execute(CONTENT.format(rows=rows)).fetchone()
        if content != (0, None):
            found.append((name, content))

    for table, schema in database.execute(TABLES).fetchall():
        hidden = ["_dlt_load_id"] if table in records else ["_dlt_load_id", "read_at"]
        rows = FINISHED.format(schema=schema, table=table, hidden=hidden)
        if table in records:
            records[table].append(rows)
        else:
            add(f"{schema}.{table}", f"from {rows}")
    for table, parts in records.items():
        if parts:
            add(table, LATEST[table].format(rows=f"({' union all by name from '.join(parts)})"))
    return found


def of_site(version: str) -> str:
    """Fingerprint of the site's own files and the snapshot that it shows."""
    return _digest(SITE_FILES, PROJECT / "reports", [version])


def _digest(names: tuple[str, ...], root: Path, facts: list) -> str:
    digest = hashlib.sha256(repr(facts).encode())
    for name in names:
        path = root / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                digest.update(str(file.relative_to(root)).encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()
