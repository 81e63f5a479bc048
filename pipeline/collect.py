"""From the names on the command line to collectors, and from collectors to raw tables."""

import difflib
from pathlib import Path

from ingestion.accounts import AccountsPlatform
from ingestion.contract import Collector, Window
from ingestion.exchange_rates import NAME as EXCHANGE_RATES
from ingestion.exchange_rates import ExchangeRates
from ingestion.facebook_ads import FacebookAds
from ingestion.files import FilePlatform
from ingestion.google_ads import GoogleAds
from ingestion.load import Outcome, load
from ingestion.spec import load_spec
from pipeline.console import say, task
from pipeline.errors import CampaignsError, UsageError
from pipeline.settings import Folder, setting, setting_list

PLATFORMS: dict[str, type[AccountsPlatform]] = {
    "google_ads": GoogleAds,
    "facebook_ads": FacebookAds,
}


def collectors(sources: list[str]) -> list[Collector]:
    """Make a collector for every SOURCE; without any, for everything that is configured.

    Exchange rates are read with every source where their file is set.
    """
    rates = ExchangeRates.configured()
    found: list[Collector] = []
    for source in sources or _configured(rates):
        if source == EXCHANGE_RATES:
            rates = ExchangeRates.required()
        elif source in PLATFORMS:
            found.append(PLATFORMS[source]())
        elif Path(source).suffix in (".yml", ".yaml"):
            path = Path(source)
            root = setting("sources.files.root")
            found.append(FilePlatform(load_spec(path), Path(root or path.parent).absolute()))
        else:
            near = difflib.get_close_matches(source, [*PLATFORMS, EXCHANGE_RATES], n=1)
            hint = f"did you mean {near[0]}?" if near else "give the path of a platform spec, *.yml"
            raise UsageError(f"'{source}' is no platform; {hint}")
    if rates is not None:
        found.append(rates)
    names = [collector.name for collector in found]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"two specs are named '{name}'; a name stands for one source")
    return found


def checkable(platform: str) -> AccountsPlatform:
    """Give the platform whose credentials can be verified."""
    if platform not in PLATFORMS:
        raise UsageError(f"'{platform}' is no platform; there are {', '.join(PLATFORMS)}")
    return PLATFORMS[platform]()


def _configured(rates: ExchangeRates | None) -> list[str]:
    """Name the platforms that have credentials and the specs that the settings point at."""
    keys = {"google_ads": "refresh_token", "facebook_ads": "access_token"}
    platforms = [name for name, key in keys.items() if setting(f"sources.{name}.{key}")]
    specs = [
        str(path)
        for pattern in setting_list("sources.files.specs")
        for path in sorted(Path().glob(pattern))
    ]
    if not platforms and not specs and rates is None:
        raise UsageError(
            "nothing to collect: name a SOURCE (a platform or a spec such as my_export.yml), set "
            "SOURCES__FILES__SPECS='[\"specs/*.yml\"]' or a platform's credentials"
        )
    return platforms + specs


def collect(found: list[Collector], window: Window, folder: Folder) -> list[Outcome]:
    """Load every collector in turn; a unit that cannot be read never stops the others."""
    outcomes = []
    for collector in found:
        with task(f"collecting {collector.name}"):
            try:
                outcome = load(collector, window, folder.path, say)
            except UsageError:
                raise
            except CampaignsError as error:
                outcome = Outcome(collector.name, collector.unit)
                outcome.failures.append((collector.name, str(error)))
                say(f"error: {error}")
        outcomes.append(outcome)
        say(f"  {describe(outcome)}")
    return outcomes


def describe(outcome: Outcome) -> str:
    """Say in a line what a collector brought and what it held back."""
    plural = "" if outcome.units == 1 else "s"
    units = f"{outcome.units} {outcome.unit}{plural}"
    parts = [f"{outcome.rows:,} rows from {units}"] if outcome.units else []
    if not outcome.units and not outcome.failures:
        parts.append("nothing new")
    if outcome.quarantined:
        money = [f"{amount:,.2f} {name}" for name, amount in sorted(outcome.cost_held.items())]
        held = f" holding {' and '.join(money)}" if money else ""
        parts.append(f"{outcome.quarantined:,} rows quarantined{held}")
    if outcome.failures:
        parts.append(f"{len(outcome.failures)} not loaded")
    return f"{outcome.name}: {', '.join(parts)}"
