"""Parquet: the exact types, what each column means, and the report's own facts as metadata."""

from collections.abc import Iterator
from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq

from api.formats.to_json import dumped, facts, told
from api.report import Report


def parquet(report: Report, _: str = "") -> Iterator[bytes]:
    """Write the rows; the metadata `report` is the JSON answer without its data."""
    before, after = facts(report)
    fields = [
        field.with_metadata({key: str(value) for key, value in told(column).items() if value})
        for field, column in zip(report.rows.schema, report.columns, strict=True)
    ]
    schema = pa.schema(fields, {"report": dumped(before | after)})
    buffer = BytesIO()
    pq.write_table(report.rows.cast(schema), buffer, compression="zstd")
    yield buffer.getvalue()
