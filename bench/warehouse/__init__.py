"""What building the marts costs: beside one script by hand, and for one new day.

The raw tables are made by SQL, of one platform: accounts with campaigns with ads over three years,
each day with its receipts. What is compared are the daily facts, the periods and the dimensions
over them; anomalies and tests are left out. dbt's start and parsing are not measured.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.runner import Comparison, Side, Totals, run
from bench.warehouse.accounts import ACCOUNTS, CAMPAIGNS
from pipeline.console import say

YEAR = 365
YEARS = 3


def compare(rows: int, repeats: int) -> Iterator[Comparison]:
    """Measure a build of about so many ad-days, and what a new day costs after it."""
    ads = max(1, round(rows / ACCOUNTS / CAMPAIGNS / YEAR / YEARS))
    with TemporaryDirectory(prefix="bench-") as folder:
        files = {}
        for years in (1, YEARS):
            files[years] = str(Path(folder) / f"{years}.duckdb")
            say(
                f"making {years} years of {ACCOUNTS * CAMPAIGNS * ads:,} ads a day, and their marts"
            )
            made = run(_side("make", "make", {}, files[years], days=years * YEAR, ads=ads))
        totals = made.totals
        full = Comparison(
            f"The marts of {totals['rows']:,} ad-days",
            [
                _side("one script by hand", "by_hand", totals, files[YEARS]),
                _side("dbt, everything anew", "anew", totals, files[YEARS]),
            ],
        )
        full.run(repeats)
        yield full
        later = Comparison(
            f"One new day and 30 read again, after {totals['rows']:,} ad-days",
            [
                _side("everything anew", "anew", totals, files[YEARS]),
                _side("the new day", "increment", totals, files[YEARS], fresh=1),
                _side("nothing new", "increment", totals, files[YEARS]),
                _side("the new day, a year of history", "increment", totals, files[1], fresh=1),
            ],
        )
        later.run(repeats)
        yield later


def _side(name: str, work: str, totals: Totals, file: str, **job: int) -> Side:
    return Side(name, f"bench.warehouse.sides:{work}", {"file": file} | job, totals)
