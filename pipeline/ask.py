"""The commands that ask: query, metrics, dimensions, segments.

They answer in about a second, so what takes long to import is imported by the one that needs it.
"""

import sys
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.console import out, say
from pipeline.errors import UsageError
from pipeline.settings import PROJECT

ENDINGS = {"md": "markdown", "txt": "table"}


def _names(which: str) -> Callable[[str], list[str]]:
    """Complete names of the live snapshot after the last comma; silent where there is none."""

    def complete(incomplete: str) -> list[str]:
        try:
            from api.engine import Reports

            names = [one.name for one in getattr(Reports.open(), which)()]
        except Exception:
            return []
        *before, last = incomplete.split(",")
        head = "".join(f"{name}," for name in before)
        return [head + name for name in sorted(names) if name.startswith(last.strip())]

    return complete


def _listed(which: str, *flags: str, told: str) -> Any:
    """Make an option that takes names with commas between, and completes them."""
    return typer.Option(*flags, metavar="NAME[,NAME…]", help=told, autocompletion=_names(which))


Metrics = Annotated[
    list[str], _listed("metrics", "--metrics", "-m", told="See `campaigns metrics`.")
]
By = Annotated[
    list[str] | None,
    _listed(
        "dimensions",
        "--by",
        told="Dimensions, time among them (day, week, …); see `campaigns dimensions`.",
    ),
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="CONDITION",
        help="As in: channel = search and not campaign_name contains brand. See docs/semantic.md.",
    ),
]
Segments = Annotated[
    list[str] | None,
    _listed("segments", "--segment", told="See `campaigns segments`; all of them hold."),
]
Day = Annotated[str | None, typer.Option(metavar="DAY", help="First or last day, as 2026-10-31.")]


def query(
    metrics: Metrics,
    by: By = None,
    where: Where = None,
    segment: Segments = None,
    since: Day = None,
    until: Day = None,
    order_by: Annotated[
        list[str] | None,
        typer.Option("--order-by", metavar="COLUMN[ desc]", help='As in: "cost desc", or -cost.'),
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Rows, at most.")] = None,
    offset: Annotated[int, typer.Option(help="Rows to pass over.")] = 0,
    compare: Annotated[
        str | None,
        typer.Option(
            metavar="RANGE", help="previous_period, previous_year or FIRST..LAST, as days."
        ),
    ] = None,
    totals: Annotated[bool, typer.Option("--totals", help="Add a row over everything.")] = False,
    file_format: Annotated[
        str | None,
        typer.Option(
            "--format",
            "-f",
            help="table, json, csv, html, markdown, parquet or xlsx. Default: by the ending of "
            "--output, else a table on a terminal and csv into a pipe.",
        ),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file.")] = None,
    locale: Annotated[str, typer.Option(help="For formats that people read.")] = "en_US",
) -> None:
    """Ask for figures; the answer is that of the API and of Python, to the digit."""
    with _no_pandas():
        from api.engine import Reports
        from api.formats import format_named, render
        from api.where import parse_where

        chosen = format_named(file_format or _default_format(output))
        if output is None and not chosen.is_text and sys.stdout.isatty():
            raise UsageError(f"{chosen.name} is not for a terminal: add --output FILE, or a pipe")
        report = Reports.open().query(
            metrics=_split(metrics),
            dimensions=_split(by),
            segments=[*_split(segment), *(parse_where(text) for text in where or ())],
            time_range={"start_date": since, "end_date": until},
            order_by=[text.strip() for text in _split(order_by)],
            limit=limit,
            offset=offset,
            compare=_comparison(compare),
            totals=totals,
        )
        content = render(report, chosen.name, locale)
    if output is None:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
    else:
        output.write_bytes(content)
        say(f"{output}: {report.rows.num_rows:,} rows")
    if chosen.name != "table":
        for note in report.coverage["notes"]:
            say(note)


def metrics() -> None:
    """List the metrics of the live snapshot: unit, direction, how they add up."""
    from api.engine import Reports

    better = {True: "more is better", False: "less is better", None: ""}
    _list(
        (one.name, one.label, one.unit, better[one.more_is_better], one.additivity, one.description)
        for one in Reports.open().metrics()
    )


def dimensions() -> None:
    """List the dimensions of the live snapshot and the columns that each brings."""
    from api.engine import Reports

    _list(
        (one.name, ", ".join(one.columns), one.description) for one in Reports.open().dimensions()
    )


def segments(
    check: Annotated[
        bool, typer.Option("--check", help="Check seeds/segments.yml as it is now, instead.")
    ] = False,
) -> None:
    """List the named segments of the live snapshot."""
    from api.engine import Reports

    if check:
        _check_segments()
        return
    _list((one.name, one.label, one.description) for one in Reports.open().segments())


def _check_segments() -> None:
    import yaml

    from api.catalogue import TIME, read_segments
    from api.engine import Reports

    path = PROJECT / "seeds" / "segments.yml"
    (exposure,) = yaml.safe_load(path.read_text(encoding="utf-8"))["exposures"]
    known = {one.name for one in Reports.open().dimensions()} - set(TIME)
    found = read_segments(exposure["config"]["meta"], known)
    out.print(f"{len(found)} segments, all well-formed")


def _list(rows: Iterable[tuple[str, ...]]) -> None:
    """Print a table on a terminal, and lines with tabs into a pipe."""
    if not out.is_terminal:
        for row in rows:
            typer.echo("\t".join(row))
        return
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE, show_header=False)
    for row in rows:
        table.add_row(*row)
    out.print(table)


def _split(given: Iterable[str] | None) -> list[str]:
    return [part.strip() for text in given or () for part in text.split(",") if part.strip()]


def _default_format(output: Path | None) -> str:
    if output is not None:
        ending = output.suffix.lstrip(".").lower()
        return ENDINGS.get(ending, ending) or "csv"
    return "table" if sys.stdout.isatty() else "csv"


def _comparison(given: str | None) -> Any:
    first, dots, last = (given or "").partition("..")
    return {"start_date": first, "end_date": last} if dots else given


@contextmanager
def _no_pandas() -> Generator[None]:
    """Keep DuckDB from importing pandas, which it does to bind a parameter: a second a command."""
    if "pandas" in sys.modules:
        yield
        return
    sys.modules["pandas"] = None  # ty: ignore[invalid-assignment]
    try:
        yield
    finally:
        del sys.modules["pandas"]
