"""`campaigns export`: a named report as a file, for schedulers."""

import os
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from api.definitions import definition, definitions
from api.engine import Reports
from api.formats import format_named, stream
from api.formats.cells import known_locale
from api.request import TimeRange
from pipeline.console import say
from pipeline.errors import CampaignsError, UsageError
from pipeline.settings import Folder


def listed() -> Iterator[str]:
    """Give a line for each named report."""
    for name, one in definitions().items():
        yield f"{name}: {one.title} ({one.format})"


def export(
    folder: Folder,
    name: str,
    format_name: str | None = None,
    output: Path | None = None,
    locale: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> None:
    """Write a named report to a file, a folder or standard output.

    A file is there whole or not at all. Raises RequestError for an unknown name or an answer that
    there is none of, UsageError for a format, a locale or an output that does not fit.
    """
    found = definition(name, definitions())
    chosen = format_named(format_name or found.format)
    wanted = known_locale(locale or found.locale)
    if output is None and not chosen.is_text and sys.stdout.isatty():
        raise UsageError(f"{chosen.name} is nothing for a terminal: say --output")
    reports = Reports.open(folder.path)
    live = reports.live()
    asked = found.asked(live.last_day, live.catalogue.week_start)
    if since or until:
        days = TimeRange(
            start_date=since.date() if since else asked.time_range.start_date,
            end_date=until.date() if until else asked.time_range.end_date,
        )
        asked = asked.model_copy(update={"time_range": days})
    report = reports.query(asked)
    if output is None:
        for piece in stream(report, chosen.name, wanted):
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        return
    path = output / f"{name}.{chosen.ending}" if output.is_dir() else output
    with _replacing(path) as file:
        for piece in stream(report, chosen.name, wanted):
            file.write(piece)
    say(f"{path}: {report.rows.num_rows:,} rows of snapshot {report.snapshot}")


@contextmanager
def _replacing(path: Path) -> Generator[BinaryIO]:
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        with draft.open("wb") as file:
            yield file
        draft.replace(path)
    except OSError as error:
        raise CampaignsError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)
