"""From an answer's JSON on disk to typed rows in a Parquet file, without a loop over rows.

DuckDB reads the JSON with declared columns, every number as text, and casts it: BIGINT and
DECIMAL(38, 9) are exact, nothing passes through a float.
"""

import re
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from ingestion.contract import Table
from ingestion.http import Cut
from ingestion.spool import literal, sql_type

SAMPLE = 1 << 16
KEYS = re.compile(rb'"(\w+)"\s*:')
# How large an object in an answer may be, in bytes, tried one after the other: DuckDB's buffers
# take twice that.
SIZES = (1 << 24, 1 << 26, 1 << 28)
SIZE = "$object_size"


def structure(paths: dict[str, str], kinds: dict[str, str] | None = None) -> dict[str, Any]:
    """Nest dotted JSON paths, as DuckDB's JSON functions want them; leaves are VARCHAR."""
    tree: dict[str, Any] = {}
    for column, path in paths.items():
        *parents, leaf = path.split(".")
        branch = tree
        for parent in parents:
            branch = branch.setdefault(parent, {})
        branch[leaf] = (kinds or {}).get(column, "VARCHAR")
    return tree


def struct_type(tree: dict[str, Any]) -> str:
    """Write a nested structure as a DuckDB STRUCT type."""
    parts = (
        f'"{name}" {struct_type(kind) if isinstance(kind, dict) else kind}'
        for name, kind in tree.items()
    )
    return f"STRUCT({', '.join(parts)})"


def field_of(path: str) -> str:
    """Write a dotted JSON path as SQL over the row `r`."""
    return "r." + ".".join(f'"{part}"' for part in path.split("."))


def unknown_keys(files: list[Path], known: set[str]) -> list[str]:
    """List keys that nobody asked for, as seen at the beginning and the end of each answer."""
    seen: set[bytes] = set()
    for path in files:
        with path.open("rb") as file:
            seen |= set(KEYS.findall(file.read(SAMPLE)))
            file.seek(max(path.stat().st_size - SAMPLE, 0))
            seen |= set(KEYS.findall(file.read(SAMPLE)))
    return sorted({key.decode() for key in seen} - known)


def ends(path: Path) -> tuple[bytes, bytes]:
    """Give the beginning and the end of a file, without the blanks around it."""
    with path.open("rb") as file:
        head = file.read(SAMPLE).lstrip()
        file.seek(max(path.stat().st_size - SAMPLE, 0))
        return head, file.read(SAMPLE).rstrip()


def read_text(file: Path, layout: str, key: str) -> str:
    """Select the JSON text of a key in the objects of a file, where an object has it."""
    return (
        f"select {key} from read_json({literal(str(file))}, format = '{layout}', "
        f"maximum_object_size = {SIZE}, columns = {{{key}: 'JSON'}}) "
        f"where {key} is not null"
    )


def read_json(file: Path, layout: str, rows: str, tree: dict[str, Any], extra: bool) -> str:
    """Select rows `r` and `extra` from a list `rows` in the objects of a JSON file.

    `layout` is DuckDB's format: array or unstructured. With `extra`, the row's JSON as it was
    received stands beside it, else null.
    """
    kind = "JSON" if extra else struct_type(tree)
    columns = f"{{{literal(rows)}: {literal(kind + '[]')}}}"
    source = (
        f"read_json({literal(str(file))}, format = '{layout}', "
        f"maximum_object_size = {SIZE}, columns = {columns})"
    )
    if not extra:
        return f'select unnest("{rows}") as r, cast(null as varchar) as extra from {source}'
    shape = literal(_json(tree))
    return (
        f"select from_json(j, {shape}) as r, cast(j as varchar) as extra "
        f'from (select unnest("{rows}") as j from {source})'
    )


def tabulate(
    database: duckdb.DuckDBPyConnection,
    source: str,
    texts: dict[str, str],
    table: Table,
    target: Path,
) -> None:
    """Cast the texts that `source` gives and write them to a Parquet file.

    A text that is no number or no day is left null and named in `_reason`, with the row in `_raw`.
    Raises `Cut` where the JSON is broken.
    """
    fields = [table.schema.field(name) for name in texts]
    typed = [f"{_cast(item)} as {item.name}" for item in fields]
    loose = [item for item in fields if not pa.types.is_string(item.type)]
    broken = " ".join(
        f"when {item.name} is not null and {_cast(item)} is null then '{item.name}'"
        for item in loose
    )
    reason = f"case {broken} end" if broken else "cast(null as varchar)"
    named = ", ".join(f"{sql} as {name}" for name, sql in texts.items())
    query = f"""
        copy (
            with texts as (select {named}, extra, r from ({source}) as answer)
            select {", ".join(typed)}, extra, {reason} as _reason,
                case when {reason} is not null then cast(to_json(r) as varchar) end as _raw
            from texts
        ) to {literal(str(target))} (format parquet)"""
    run_sized(database, query)


def run_sized(database: duckdb.DuckDBPyConnection, query: str) -> duckdb.DuckDBPyConnection:
    """Run a query over JSON; raises `Cut` where that is broken."""
    for size in SIZES:
        try:
            return database.execute(query.replace(SIZE, str(size)))
        except duckdb.InvalidInputException as error:
            if "maximum_object_size" not in str(error) or size == SIZES[-1]:
                raise Cut(f"the answer is no whole JSON ({_first_line(error)})") from None
    raise AssertionError("SIZES is empty")


def _cast(item: pa.Field) -> str:
    kind = sql_type(item.type)
    return item.name if kind == "VARCHAR" else f"try_cast({item.name} as {kind})"


def _json(tree: dict[str, Any]) -> str:
    parts = (
        f'"{name}": {_json(kind) if isinstance(kind, dict) else chr(34) + kind + chr(34)}'
        for name, kind in tree.items()
    )
    return "{" + ", ".join(parts) + "}"


def _first_line(error: Exception) -> str:
    return re.sub(r'file "[^"]*"', "it", str(error).splitlines()[0])
