"""`campaigns`: collect → build → publish → report.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 published but incomplete (something could not be
read).
"""

import errno
import os
import sys
import traceback
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from pipeline import ask
from pipeline.console import err, out, say
from pipeline.errors import CampaignsError, UsageError
from pipeline.lock import writing
from pipeline.settings import Folder

INCOMPLETE = 3
INTERRUPTED = 130  # what typer ends with on Ctrl-C
app = typer.Typer(
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    help="Collect advertising data, build the marts, publish them, report on them.",
)
Sources = Annotated[
    list[str] | None,
    typer.Argument(metavar="[SOURCE]...", help="A platform's name or the path of a spec (*.yml)."),
]
Since = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day to read.")]
Until = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day to read.")]
Targets = Annotated[
    list[str] | None,
    typer.Option(
        "--to",
        metavar="TARGET",
        help="file (a DuckDB snapshot), parquet, sqlite or postgres; several by commas. "
        "Default: the setting publish.to, else file.",
    ),
]
Full = Annotated[bool, typer.Option("--full-refresh", help="Read everything again.")]


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the trace of a failure.")] = False,
) -> None:
    """Options before the command."""
    if debug:
        os.environ["CAMPAIGNS_DEBUG"] = "1"


@app.command(epilog="Example: campaigns collect specs/my_export.yml --since 2026-01-01")
def collect(
    sources: Sources = None, since: Since = None, until: Until = None, full_refresh: Full = False
) -> None:
    """Read the sources into the warehouse's raw tables."""
    folder = Folder().prepare()
    with writing(folder, "collect"):
        outcomes = _collect(folder, sources, since, until, full_refresh)
    _exit(outcomes)


@app.command(epilog="Example: campaigns build")
def build() -> None:
    """Build and test the marts from what was collected (`dbt build` without its unit tests)."""
    from pipeline.build import build as run_dbt

    folder = Folder().prepare()
    with writing(folder, "build"):
        run_dbt(folder)


@app.command(epilog="Example: campaigns publish --to file,parquet")
def publish(to: Targets = None) -> None:
    """Publish the last good build as a snapshot for the site, the API and analysts."""
    from pipeline.publish import publish as publish_snapshot

    folder = Folder().prepare()
    with writing(folder, "publish"):
        pointer = publish_snapshot(folder, to=to or ())
    out.print(f"published {pointer['version']}: {pointer['database']}", soft_wrap=True)


@app.command(epilog="Example: campaigns report")
def report() -> None:
    """Build the static site from the published snapshot."""
    from pipeline.publish import snapshot_path
    from pipeline.site import build_site

    folder = Folder().prepare()
    with writing(folder, "report"):
        build_site(snapshot_path(folder), folder.site, say)
    out.print(f"site: {folder.site}", soft_wrap=True)


@app.command(epilog="Example: campaigns run specs/*.yml")
def run(
    sources: Sources = None,
    since: Since = None,
    until: Until = None,
    full_refresh: Full = False,
    site: Annotated[bool, typer.Option(help="Build the site as well.")] = True,
) -> None:
    """Collect, build, publish and report, and print what came of it."""
    from pipeline.publish import snapshot_path
    from pipeline.summary import print_summary

    folder = Folder().prepare()
    with writing(folder, "run"):
        outcomes = _collect(folder, sources, since, until, full_refresh)
        if outcomes and all(outcome.failed for outcome in outcomes):
            _exit(outcomes)
        _renew_snapshot(folder)
        if site:
            _renew_site(folder)
    print_summary(outcomes, snapshot_path(folder), folder.site if site else None)
    _exit(outcomes)


@app.command(epilog="Example: campaigns status")
def status() -> None:
    """Say what is live, what could not be read and what to do about it."""
    from pipeline.status import lines, read_status

    for line in lines(read_status(Folder())):
        out.print(line, markup=False, soft_wrap=True)


@app.command(epilog="Example: campaigns check google_ads")
def check(
    platform: Annotated[str, typer.Argument(help="A platform's name.")],
) -> None:
    """Verify a platform's credentials and list the accounts that they reach."""
    from pipeline.collect import checkable

    for account in checkable(platform).check():
        told = ", ".join(f"{key} {value}" for key, value in account.items() if value)
        out.print(told, markup=False, soft_wrap=True)


@app.command(epilog="Example: campaigns serve --port 8000")
def serve(
    host: Annotated[str, typer.Option(help="Others than this machine need an API key.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(help="0: a free one.", min=0, max=65535)] = 8000,
) -> None:
    """Serve the reporting API over the published snapshot, until it is stopped."""
    from api.server import serve as serve_api

    serve_api(Folder(), host, port)


@app.command(epilog="Example: campaigns export weekly_overview --format email --output week.html")
def export(
    name: Annotated[str | None, typer.Argument(help="A report of reports.yml.")] = None,
    written: Annotated[
        str | None, typer.Option("--format", help="Another format than the definition's.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="A file or a folder; default: the output.")
    ] = None,
    locale: Annotated[str | None, typer.Option(help="As in de_DE.")] = None,
    since: Since = None,
    until: Until = None,
) -> None:
    """Write a named report to a file, or list the named reports."""
    from api.export import export as write
    from api.export import listed

    if name is None:
        for line in listed():
            out.print(line, markup=False, soft_wrap=True)
        return
    write(Folder(), name, written, output, locale, since, until)


@app.command(epilog="Example: campaigns simulate --port 8787")
def simulate(
    port: Annotated[int, typer.Option(help="0: a free one.")] = 0,
    scale: Annotated[str, typer.Option(help="tiny, small, medium, large or ad-days.")] = "small",
    seed: Annotated[int, typer.Option(help="Another seed, other accounts.")] = 1,
    fault: Annotated[list[str] | None, typer.Option(help="See simulator/faults.py.")] = None,
) -> None:
    """Serve simulated Google Ads and Meta accounts, to try collecting without credentials."""
    from simulator.server import serve

    serve(port=port, seed=seed, scale=scale, faults=fault or [])


app.command(epilog="Example: campaigns query -m cost,roas --by platform,week --totals")(ask.query)
app.command(epilog="Example: campaigns metrics")(ask.metrics)
app.command(epilog="Example: campaigns dimensions")(ask.dimensions)
app.command(epilog="Example: campaigns segments --check")(ask.segments)


def _collect(
    folder: Folder,
    sources: list[str] | None,
    since: datetime | None,
    until: datetime | None,
    full_refresh: bool,
) -> list:
    from ingestion.contract import Window
    from pipeline.collect import collect as read
    from pipeline.collect import collectors

    first: date | None = since.date() if since else None
    last: date | None = until.date() if until else None
    if first and last and first > last:
        raise UsageError(f"--since {first} is after --until {last}")
    return read(collectors(sources or []), Window(first, last, full_refresh), folder)


def _renew_snapshot(folder: Folder) -> None:
    """Build and publish, unless the live snapshot is of exactly this data and these models."""
    from pipeline.build import build as run_dbt
    from pipeline.fingerprint import of_build
    from pipeline.publish import current
    from pipeline.publish import publish as publish_snapshot

    fingerprint = of_build(folder)
    live = current(folder)
    if live is not None and live.get("fingerprint") == fingerprint:
        say(f"nothing new since snapshot {live['version']}: it stays")
        return
    run_dbt(folder)
    publish_snapshot(folder, fingerprint)


def _renew_site(folder: Folder) -> None:
    """Build the site, unless it stands and shows the live snapshot."""
    from pipeline.fingerprint import of_site
    from pipeline.publish import snapshot_path
    from pipeline.site import build_site

    snapshot = snapshot_path(folder)
    fingerprint = of_site(snapshot.name)
    stamp = folder.path / "site.fingerprint"
    if folder.site.is_dir() and stamp.exists() and stamp.read_text() == fingerprint:
        say("the site shows this snapshot already: it stays")
        return
    build_site(snapshot, folder.site, say)
    stamp.write_text(fingerprint)


def _exit(outcomes: list) -> None:
    """End with 1 where nothing could be read, with 3 where something could not."""
    failed = [failure for outcome in outcomes for failure in outcome.failures]
    if not failed:
        return
    everything = all(outcome.failed for outcome in outcomes)
    say(f"{len(failed)} could not be read; `campaigns status` names them")
    raise typer.Exit(CampaignsError.exit_code if everything else INCOMPLETE)


def main() -> None:
    """Run the command line; every failure is one readable line."""
    try:
        app()
    except CampaignsError as error:
        _fail(error, str(error), error.exit_code)
    except SystemExit as ended:
        if ended.code != INTERRUPTED:
            raise
        _fail(None, "stopped; run the same command again to go on", 1)
    except Exception as error:
        _fail(error, explain(error), 1)


def explain(error: Exception) -> str:
    """Say in a line what went wrong below this program, and what to do."""
    text = " ".join(str(error).split())
    if getattr(error, "errno", None) == errno.ENOSPC or "No space left" in text:
        return f"the disk is full; free some space and run again, nothing is harmed ({text[:200]})"
    if "Could not set lock" in text:
        return f"the warehouse is open in another program; close it and run again ({text[:300]})"
    return f"{type(error).__name__}: {text[:500]} (run with --debug for the trace)"


def _fail(error: Exception | None, line: str, code: int) -> None:
    if os.environ.get("CAMPAIGNS_DEBUG") and error is not None:
        traceback.print_exception(error)
    err.print(f"error: {line}", markup=False, style="red" if err.is_terminal else None)
    sys.exit(code)


if __name__ == "__main__":
    main()
