"""From the names on the command line to collectors, and from collectors to raw tables."""

import difflib
from pathlib import Path

from ingestion.contract import Collector, Window
from ingestion.files import FilePlatform
from ingestion.load import Outcome, load
from ingestion.spec import load_spec
from pipeline.console import say, task
from pipeline.errors import UsageError
from pipeline.settings import Folder, setting, setting_list

PLATFORMS: dict[str, type[Collector]] = {}


def collectors(sources: list[str]) -> list[Collector]:
    """Make a collector for every SOURCE; without any, for everything that is configured."""
    found: list[Collector] = []
    for source in sources or _configured():
        if source in PLATFORMS:
            found.append(PLATFORMS[source]())
        elif Path(source).suffix in (".yml", ".yaml"):
            path = Path(source)
            root = setting("sources.files.root")
            found.append(FilePlatform(load_spec(path), Path(root or path.parent).absolute()))
        else:
            near = difflib.get_close_matches(source, PLATFORMS, n=1)
            hint = f"did you mean {near[0]}?" if near else "give the path of a platform spec, *.yml"
            raise UsageError(f"'{source}' is no platform; {hint}")
    names = [collector.name for collector in found]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"two specs are named '{name}'; a name stands for one source")
    return found


def _configured() -> list[str]:
    specs = [
        str(path)
        for pattern in setting_list("sources.files.specs")
        for path in sorted(Path().glob(pattern))
    ]
    if not specs:
        raise UsageError(
            "nothing to collect: name a SOURCE (a spec such as my_export.yml), or set "
            "SOURCES__FILES__SPECS='[\"specs/*.yml\"]'"
        )
    return specs


def collect(found: list[Collector], window: Window, folder: Folder) -> list[Outcome]:
    """Load every collector in turn; a unit that cannot be read never stops the others."""
    outcomes = []
    for collector in found:
        with task(f"collecting {collector.name}"):
            outcome = load(collector, window, folder.path, say)
        outcomes.append(outcome)
        say(f"  {describe(outcome)}")
    return outcomes


def describe(outcome: Outcome) -> str:
    """Say in a line what a collector brought and what it held back."""
    parts = [f"{outcome.rows:,} rows from {outcome.units} files"] if outcome.units else []
    if not outcome.units and not outcome.failures:
        parts.append("nothing new")
    if outcome.quarantined:
        money = [f"{amount:,.2f} {name}" for name, amount in sorted(outcome.cost_held.items())]
        held = f" holding {' and '.join(money)}" if money else ""
        parts.append(f"{outcome.quarantined:,} rows quarantined{held}")
    if outcome.failures:
        parts.append(f"{len(outcome.failures)} not loaded")
    return f"{outcome.name}: {', '.join(parts)}"
