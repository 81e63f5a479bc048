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


def of_build(folder: Folder) -> str:
    """Fingerprint of the dbt project, the finished loads and the day (coverage depends on it)."""
    with duckdb.connect(str(folder.warehouse), read_only=True) as database:
        schemas = database.execute(
            "select schema_name from duckdb_tables() where table_name = '_dlt_loads' order by all"
        ).fetchall()
        loads = [
            database.execute(f"select load_id from {schema}._dlt_loads order by all").fetchall()
            for (schema,) in schemas
        ]
    settings = sorted(item for item in os.environ.items() if item[0].startswith("DBT_"))
    return _digest(DBT_FILES, PROJECT, [*filter(None, loads), *settings, datetime.now(UTC).date()])


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
