"""What the user sees while something runs: progress bars on a terminal, plain lines elsewhere."""

from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

out = Console(highlight=False)
err = Console(stderr=True, highlight=False, soft_wrap=True)

Advance = Callable[..., None]


def say(line: str) -> None:
    """Print a line for the person at work, above any progress bar."""
    err.print(line, markup=False)


@contextmanager
def task(title: str, total: int | None = None) -> Generator[Advance]:
    """Show a running task; yields advance(done=1, total=None, note='')."""
    if not err.is_terminal:
        say(title)
        yield lambda *_, **__: None
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=err, transient=True) as progress:
        shown = progress.add_task(title, total=total, note="")

        def advance(done: int = 1, total: int | None = None, note: str = "") -> None:
            progress.update(shown, advance=done, total=total, note=note)

        yield advance
    say(title)
