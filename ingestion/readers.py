"""Open an export and give its rows as text, whatever the container, encoding and dialect.

Every reader yields `Row`s below the header that carries the wanted columns; which column is
where is found by name. Nothing is interpreted here: `parse` decides what a cell means.
"""

import bz2
import csv
import difflib
import gzip
import io
import itertools
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

import pyarrow.parquet as pq
import python_calamine

from ingestion.spec import Spec
from pipeline.errors import CampaignsError

HEADER_WITHIN = 100
LONGEST_RECORD = 50
DELIMITERS = ",\t;|"


class Row(NamedTuple):
    """One record: the line it starts at, its cells, its text as it stands, what broke it."""

    line: int
    cells: list[str]
    raw: str
    problem: str | None = None


@dataclass(frozen=True)
class Export:
    """A file to read; for an archive, one of its members."""

    path: Path
    origin: str
    member: str | None = None

    def open(self) -> IO[bytes]:
        """Open the content, decompressed."""
        if self.member is not None:
            return zipfile.ZipFile(self.path).open(self.member)
        if self.path.suffix == ".gz":
            return cast(IO[bytes], gzip.open(self.path))
        if self.path.suffix == ".bz2":
            return bz2.open(self.path)
        return self.path.open("rb")


def find_exports(spec: Spec, root: Path) -> list[Export]:
    """Find the files of a spec below `root`, sorted by name; archives give their members."""
    found: dict[str, Export] = {}
    for pattern in spec.files:
        absolute = Path(pattern).is_absolute()
        base = Path(Path(pattern).anchor) if absolute else root
        relative = str(Path(pattern).relative_to(base)) if absolute else pattern
        for path in sorted(base.glob(relative)):
            if not path.is_file():
                continue
            origin = path.name if absolute else path.relative_to(root).as_posix()
            members = _members(path) if path.suffix == ".zip" else [None]
            for member in members:
                name = origin if member is None else f"{origin}/{member}"
                found[name] = Export(path, name, member)
    if not found:
        raise CampaignsError(
            f"{spec.name}: no file matches {', '.join(spec.files)} in {root}; "
            "check `files` in the spec"
        )
    return [found[name] for name in sorted(found)]


def _members(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return sorted(
            info.filename
            for info in archive.infolist()
            if not info.is_dir() and not info.filename.startswith("__MACOSX/")
        )


def read_rows(export: Export, spec: Spec) -> tuple[list[str], Iterator[Row]]:
    """Return the header's names and the rows below it; raises CampaignsError, one line."""
    if spec.format.kind == "parquet":
        return _parquet(export, spec)
    if spec.format.kind == "excel":
        return _excel(export, spec)
    return _csv(export, spec)


def _csv(export: Export, spec: Spec) -> tuple[list[str], Iterator[Row]]:
    with export.open() as stream:
        head = stream.read(4096)
    encoding = spec.format.encoding or _encoding(head)
    errors = "replace" if encoding.startswith("utf-16") else "surrogateescape"
    text = io.TextIOWrapper(export.open(), encoding=encoding, errors=errors, newline="")
    lines = _numbered(text)
    top = [line for _, line in zip(range(HEADER_WITHIN), lines, strict=False)]
    candidates = []
    for delimiter in spec.format.delimiter or DELIMITERS:
        for position, (_, line) in enumerate(top):
            cells = next(csv.reader([line.lstrip("\ufeff")], delimiter=delimiter), [])
            candidates.append((cells, (delimiter, position)))
    header, (delimiter, position) = _header(candidates, spec)
    return header, _records(itertools.chain(top[position + 1 :], lines), delimiter)


def _encoding(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if len(head) > 1 and head[1::2].count(0) > len(head) / 4:
        return "utf-16-le"
    return "utf-8-sig"


def _numbered(text: io.TextIOWrapper) -> Iterator[tuple[int, str]]:
    with text:
        yield from enumerate(text, start=1)


def _records(lines: Iterator[tuple[int, str]], delimiter: str) -> Iterator[Row]:
    """Split lines into records; a quote that is never closed breaks its own line only."""
    pending: list[tuple[int, str]] = []
    while True:
        number, line = pending.pop(0) if pending else next(lines, (0, ""))
        if not line:
            return
        record = line
        if line.count('"') % 2 and _is_open(line, delimiter):
            taken: list[tuple[int, str]] = []
            while _is_open(record, delimiter) and len(taken) < LONGEST_RECORD:
                following = pending.pop(0) if pending else next(lines, None)
                if following is None:
                    break
                taken.append(following)
                record += following[1]
            if _is_open(record, delimiter):
                pending = taken + pending
                yield Row(number, [], line.rstrip("\r\n"), "a quote is never closed")
                continue
        raw = record.rstrip("\r\n")
        if not raw.strip():
            continue
        if not raw.isascii() and any("\ud800" <= letter <= "\udfff" for letter in raw):
            shown = raw.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            yield Row(number, [], shown, "is not text in the file's encoding")
        else:
            yield Row(number, next(csv.reader([raw], delimiter=delimiter)), raw)


def _is_open(record: str, delimiter: str) -> bool:
    """Whether the record ends inside a quoted cell."""
    try:
        next(csv.reader([record.rstrip("\r\n")], delimiter=delimiter, strict=True))
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False


def _excel(export: Export, spec: Spec) -> tuple[list[str], Iterator[Row]]:
    with export.open() as stream:
        try:
            book = python_calamine.load_workbook(io.BytesIO(stream.read()))
        except python_calamine.CalamineError as error:
            raise CampaignsError(f"{export.origin}: is no Excel file: {error}") from error
    names = book.sheet_names
    if spec.format.sheet and spec.format.sheet not in names:
        raise CampaignsError(
            f"{export.origin}: has no sheet '{spec.format.sheet}'; it has: {', '.join(names)}"
        )
    sheet = book.get_sheet_by_name(spec.format.sheet or names[0])
    cells = [[_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    header, position = _header(
        [(row, index) for index, row in enumerate(cells[:HEADER_WITHIN])], spec
    )
    rows = enumerate(cells[position + 1 :], start=position + 2)
    return header, (Row(line, row, "\t".join(row)) for line, row in rows if any(row))


def _parquet(export: Export, spec: Spec) -> tuple[list[str], Iterator[Row]]:
    try:
        file = pq.ParquetFile(export.path)
    except Exception as error:  # pyarrow raises several unrelated types for a bad file
        raise CampaignsError(f"{export.origin}: is no Parquet file: {error}") from error
    header, _ = _header([(file.schema_arrow.names, 0)], spec)

    def rows() -> Iterator[Row]:
        line = 0
        for batch in file.iter_batches(columns=header):
            for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                line += 1
                cells = [_text(value) for value in values]
                yield Row(line, cells, "\t".join(cells))

    return header, rows()


def _text(value: Any) -> str:
    """Write a typed cell so that nothing is lost: ISO days, plain decimals."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == datetime.min.time() else str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
    return str(value)


def normal(name: str) -> str:
    """A column name without case, surrounding space, repeated space or byte-order mark."""
    return re.sub(r"\s+", " ", name.replace("\ufeff", "")).strip().casefold()


def _header(candidates: Iterable[tuple[list[str], Any]], spec: Spec) -> tuple[list[str], Any]:
    """Pick the record that carries every wanted column, else say which is missing."""
    wanted = {normal(name) for name in spec.sources}
    best: tuple[int, list[str]] = (0, [])
    for cells, place in candidates:
        names = {normal(cell) for cell in cells}
        if wanted <= names:
            return cells, place
        best = max(best, (len(wanted & names), cells), key=lambda item: item[0])
    matched, cells = best
    if not matched:
        raise CampaignsError(
            f"no header found: looked for the columns {', '.join(spec.sources)} "
            f"in the first {HEADER_WITHIN} lines; check `columns` and `format` in the spec"
        )
    names = {normal(cell): cell for cell in cells}
    missing = next(name for name in spec.sources if normal(name) not in names)
    near = difflib.get_close_matches(normal(missing), list(names), n=1)
    hint = f"; did you mean '{names[near[0]].strip()}'?" if near else ""
    raise CampaignsError(f"no column '{missing}'{hint} The file has: {', '.join(cells)}")
