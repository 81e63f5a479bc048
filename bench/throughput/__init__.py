"""How fast rows are brought from HTTP into raw tables, and in how much memory.

The simulator's answers are recorded while each side runs once; then the simulator is gone, and
what is measured is read from the recording. The limit is a plain client with DuckDB alone; rows as
dicts through dlt are read from a tenth, for they take long; the download alone shows what the
server can do.
"""

from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.replay import replaying
from bench.runner import Comparison, Side, Totals, run
from bench.throughput.sides import Job
from pipeline.console import say
from simulator.portfolio import ACCOUNTS, GOOGLE, META, Scale
from simulator.server import Simulator, environment
from simulator.world import ANCHOR

AD_GROUPS, ADS, DAYS = 3, 4, 365
# Of the ad-days of an account, those with a row: campaigns begin, pause and end.
ALIVE = 0.8
FEWEST = {GOOGLE: 5, META: 3}
KINDS = {
    "Google Ads, ad report": (GOOGLE, "google", {}),
    "Meta, insights by ad, in pages": (META, "meta", {"way": "pages"}),
    "Meta, insights by ad, as report runs": (META, "meta", {"way": "runs"}),
}
NAMES = {
    "plain": "plain requests and DuckDB",
    "ours": "campaigns collect",
    "dicts": "dlt, rows as dicts",
    "download": "the download alone",
}
# The divisor of the rows, and what reads them.
PARTS = ((1, ("plain", "ours")), (4, ("ours",)), (10, ("dicts",)), (1, ("download",)))


def compare(rows: int, repeats: int) -> Iterator[Comparison]:
    """Measure every kind of report, at about so many rows."""
    for kind in KINDS:
        say(f"{kind}: recording")
        with ExitStack() as stack:
            sides = [
                side
                for divisor, works in PARTS
                for side in stack.enter_context(recorded(kind, rows // divisor, works))
            ]
            comparison = Comparison(kind, sides)
            comparison.run(repeats)
        yield comparison


@contextmanager
def recorded(kind: str, rows: int, works: tuple[str, ...]) -> Generator[list[Side]]:
    """Record what the sides ask for; yields the sides, with what a plain client has loaded."""
    platform, module, way = KINDS[kind]
    size = scale(rows, platform)
    own = [account.id for account in ACCOUNTS if account.platform == platform]
    since, until = ANCHOR - timedelta(size.days), ANCHOR - timedelta(1)

    def side(work: str, totals: Totals) -> Side:
        return Side(NAMES[work], f"bench.throughput.{module}:{work}", job, totals)

    with TemporaryDirectory(prefix="bench-") as folder, ExitStack() as server:
        with Simulator(scale=size) as simulator:
            url = server.enter_context(replaying(simulator.url, Path(folder) / "answers"))
            settings = environment(url) | {
                f"SOURCES__{platform.upper()}__START_DATE": since.isoformat(),
            }
            job = asdict(Job(url, own, str(since), str(until), settings)) | way
            totals = run(side("plain", {})).totals
            sides = [side(work, totals) for work in works]
            for one in sides:
                run(one)
        yield sides


def scale(rows: int, platform: str) -> Scale:
    """Choose accounts that have about so many ad-days on a platform."""
    own = sum(account.platform == platform for account in ACCOUNTS)
    a_day = own * AD_GROUPS * ADS * ALIVE
    campaigns = max(FEWEST[platform], round(rows / a_day / DAYS))
    days = min(DAYS, max(round(rows / a_day / campaigns), 1))
    counts = FEWEST | {platform: campaigns}
    return Scale(counts[GOOGLE], counts[META], AD_GROUPS, ADS, days)
