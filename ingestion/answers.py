"""From an answer's JSON on disk to typed rows in a Parquet file, without a loop over rows.

An answer is a JSON array of objects, each with a list of rows, or one such object. It is cut into
its objects, and DuckDB parses these with a declared structure: leaves are texts as they were sent,
and are cast to BIGINT and DECIMAL(38, 9). Numbers that are sent without quotes are doubles on both
platforms; the 17 digits that make up a double are kept.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pyarrow as pa

from ingestion.contract import Table
from ingestion.http import Cut
from ingestion.spool import literal, sql_type

SAMPLE = 1 << 16
CHUNK = 1 << 22
KEYS = re.compile(rb'"(\w+)"\s*:')
FIRST_KEY = re.compile(rb'\s*\[\s*\{\s*("(?:[^"\\]|\\.)*")\s*:')
PIECES = "pieces"
# DuckDB quotes the beginning of what is broken, and may cut a character in two there.
BROKEN = (duckdb.InvalidInputException, UnicodeDecodeError)
SCHEMA = pa.schema([("piece", pa.large_string())])


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


def select_text(key: str) -> str:
    """Select the JSON text of a key in the objects of an answer, where an object has it."""
    shape = literal(_json([{key: "JSON"}]))
    return (
        f"select o.{key} from (select unnest(from_json(piece, {shape})) as o from {PIECES}) "
        f"where o.{key} is not null"
    )


def select_rows(rows: str, tree: dict[str, Any], extra: bool) -> str:
    """Select rows `r` and `extra` from a list `rows` in the objects of an answer.

    With `extra`, the row's JSON as it was received stands beside it, else null. An object without
    the list has no rows; something else in its place is an error.
    """
    shape = literal(_json([{rows: ["JSON" if extra else tree]}]))
    kind = f"json_type(piece, '$[' || n || '].{rows}')"
    listed = f"""
        select unnest(
            case
                when o."{rows}" is null and coalesce({kind}, 'NULL') <> 'NULL'
                    then error('{rows} is no list')
                else o."{rows}"
            end
        ) as r
        from (
            select piece, unnest(objects) as o, unnest(range(len(objects))) as n
            from (select piece, from_json(piece, {shape}) as objects from {PIECES})
        )"""
    if not extra:
        return f"select r, cast(null as varchar) as extra from ({listed})"
    row = literal(_json(tree))
    return f"select from_json(r, {row}) as r, cast(r as varchar) as extra from ({listed})"


def tabulate(source: str, texts: dict[str, str], table: Table, target: Path) -> str:
    """Write what casts the texts that `source` gives and copies them to a Parquet file.

    A text that is no number or no day is left null and named in `_reason`, with the row in `_raw`.
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
    return f"""
        copy (
            with texts as (select {named}, extra, r from ({source}) as answer)
            select {", ".join(typed)}, extra, {reason} as _reason,
                case when {reason} is not null then cast(to_json(r) as varchar) end as _raw
            from texts
        ) to {literal(str(target))} (format parquet)"""


def parse(database: duckdb.DuckDBPyConnection, file: Path, query: str) -> duckdb.DuckDBPyConnection:
    """Run a query over an answer's objects; raises `Cut` where they are no JSON.

    Should a cut not lie between two objects, then neither side of it is JSON: the answer is parsed
    as a whole.
    """
    try:
        return _run(database, _objects(file), query)
    except BROKEN:
        try:
            return _run(database, iter([[_array(file.read_bytes())]]), query)
        except BROKEN as error:
            why = str(error).splitlines()[0].partition("  Input:")[0]
            raise Cut(f"the answer is no whole JSON ({why})") from None


def _run(
    database: duckdb.DuckDBPyConnection, pieces: Iterator[list[bytes]], query: str
) -> duckdb.DuckDBPyConnection:
    batches = (
        pa.record_batch([pa.array(some, pa.large_binary()).view(pa.large_string())], schema=SCHEMA)
        for some in pieces
    )
    database.register(PIECES, pa.RecordBatchReader.from_batches(SCHEMA, batches))
    return database.execute(query)


def _objects(file: Path) -> Iterator[list[bytes]]:
    """Cut an answer before objects that begin as its first one does; yields arrays of objects."""
    with file.open("rb") as source:
        rest = source.read(CHUNK)
        begins = FIRST_KEY.match(rest)
        if not begins:
            yield [_array(rest + source.read())]
            return
        edge = re.compile(rb",\s*(?=\{\s*" + re.escape(begins[1]) + rb"\s*:)")
        while chunk := source.read(CHUNK):
            first, *others = edge.split(rest + chunk)
            *whole, rest = [first, *(b"[" + other for other in others)]
            yield [objects + b"]" for objects in whole]
        yield [rest]


def _array(answer: bytes) -> bytes:
    return b"[" + answer + b"]" if answer.lstrip()[:1] == b"{" else answer


def _cast(item: pa.Field) -> str:
    kind = sql_type(item.type)
    if kind == "VARCHAR":
        return item.name
    if pa.types.is_decimal(item.type):
        # Up to 18 digits DuckDB reads a decimal a hundred times as fast.
        narrow = f"cast(try_cast({item.name} as DECIMAL(18, 9)) as {kind})"
        return f"coalesce({narrow}, try_cast({item.name} as {kind}))"
    return f"try_cast({item.name} as {kind})"


def _json(tree: Any) -> str:
    return orjson.dumps(tree).decode()
