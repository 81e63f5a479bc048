"""From SQL rows to bytes on the wire: JSON text is made by DuckDB, rows are never touched here."""

import os
import re
import tempfile
import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb
import orjson

SEPARATOR = ",\n"  # every row's text ends with it
PIECE = "\x00"  # divides SQL of pieces of a text
Tree = dict[str, "Tree | tuple[str, bool]"]  # object, or SQL and may be null


class Cut(Exception):
    """The connection is to break off here."""


@dataclass(frozen=True)
class Request:
    """An HTTP request; header names are in lower case; `params` are query and form together."""

    method: str
    path: str
    params: dict[str, str]
    headers: Mapping[str, str]
    body: bytes
    host: str

    def json(self) -> dict[str, Any]:
        """The body as an object; empty when there is none or it is none."""
        try:
            found = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return {}
        return found if isinstance(found, dict) else {}


@dataclass
class Response:
    """An HTTP answer; an iterator as body is sent in chunks; `note` goes to the request log."""

    status: int
    body: bytes | Iterator[bytes]
    headers: dict[str, str] = field(default_factory=dict)
    note: dict[str, Any] = field(default_factory=dict)


def answer(content: object, status: int = 200, **headers: str) -> Response:
    """An object as a JSON answer."""
    return Response(status, orjson.dumps(content, option=orjson.OPT_INDENT_2), headers)


def camel(name: str) -> str:
    """snake_case as lowerCamelCase."""
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name)


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def joined(parts: Iterable[str]) -> str:
    """SQL that joins texts in one go (a chain of || would copy a row for each of its parts)."""
    merged: list[str] = []
    for part in parts:
        if merged and _is_literal(part) and _is_literal(merged[-1]):
            merged[-1] = merged[-1][:-1] + part[1:]
        else:
            merged.append(part)
    return f"concat({', '.join(merged)})"


def _is_literal(sql: str) -> bool:
    return sql[0] == sql[-1] == "'" and "'" not in sql[1:-1].replace("''", "")


def object_parts(tree: Tree, depth: int, indent: bool = True) -> list[str]:
    """SQL of the parts of an object's JSON text; its first key must not be nullable."""
    space = "\n" + "  " * (depth + 1) if indent else ""
    parts = ["'{'"]
    for number, (key, value) in enumerate(tree.items()):
        start = literal(f'{"," if number else ""}{space}"{key}": ')
        if isinstance(value, dict):
            parts += [start, *object_parts(value, depth + 1, indent)]
        elif value[1]:
            parts.append(f"coalesce({start} || {value[0]}, '')")
        else:
            parts += [start, *value[0].split(PIECE)]
    return [*parts, literal(("\n" + "  " * depth if indent else "") + "}")]


def blocks(
    cursor: duckdb.DuckDBPyConnection, sql: str, size: int
) -> Iterator[tuple[int, memoryview, memoryview]]:
    """Blocks of at most `size` rows of a query's only column: count, offsets, text."""
    for batch in cursor.execute(sql).to_arrow_reader(size):
        for start in range(0, len(batch), size):
            part = batch.slice(start, size).column(0)
            _, offsets, text = part.buffers()
            if not len(part):
                continue
            places = memoryview(offsets).cast("i")[part.offset : part.offset + len(part) + 1]
            yield len(part), places, memoryview(text)[places[0] : places[-1]]


class Spool:
    """The rows of a query in a temporary file, to be read by number."""

    def __init__(self, parts: Iterable[tuple[int, memoryview, memoryview]]) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 lives as long as the spool
        self._starts: list[int] = []
        self._blocks: list[tuple[int, memoryview]] = []
        self.rows = self.size = 0
        for count, places, text in parts:
            self._starts.append(self.rows)
            self._blocks.append((self.size - places[0], memoryview(bytes(places)).cast("i")))
            self._file.write(text)
            self.rows += count
            self.size += len(text)
        self._file.flush()

    def page(self, start: int, stop: int) -> bytes:
        """Rows start..stop (exclusive), without the last separator."""
        stop = min(stop, self.rows)
        if start >= stop:
            return b""
        low, high = self._place(start), self._place(stop)
        return os.pread(self._file.fileno(), high - low - len(SEPARATOR), low)

    def close(self) -> None:
        """Give the disk back."""
        self._file.close()

    def _place(self, row: int) -> int:
        if row >= self.rows:
            return self.size
        number = bisect_right(self._starts, row) - 1
        base, places = self._blocks[number]
        return base + places[row - self._starts[number]]


class Spools:
    """The latest results, by what was asked; the same question is not computed twice."""

    def __init__(self, keep: int = 24) -> None:
        self._keep = keep
        self._kept: OrderedDict[object, Spool] = OrderedDict()
        self._lock = threading.Lock()
        self._making: dict[object, threading.Lock] = {}

    def get(self, key: object, make: Callable[[], Spool]) -> Spool:
        """The kept result, or a new one."""
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        with making:
            with self._lock:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return self._kept[key]
            spool = make()
            with self._lock:
                self._kept[key] = spool
                while len(self._kept) > self._keep:
                    old, _ = self._kept.popitem(last=False)
                    self._making.pop(old, None)
            return spool
