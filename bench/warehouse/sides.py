"""The builds that are measured; each begins with a copy of the same warehouse."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
from dbt.contracts.graph.manifest import Manifest

from bench.runner import Totals
from bench.warehouse.accounts import load_history, load_new_day
from bench.warehouse.script import SCRIPT
from pipeline.build import run_dbt
from pipeline.errors import CampaignsError
from pipeline.settings import Folder

# Decisions are no part of the script by hand; tests run beside models, and are a question of their
# own.
DECISIONS = ("anomalies", "budgets", "comparisons", "forecasts", "insights")
MODELS = (
    *("build", "--exclude-resource-type", "test", "unit_test", "--exclude"),
    *("int_campaign_calendar+", "path:models/marts/decisions", "budget_versions"),
    *(f"path:models/intermediate/{name}" for name in DECISIONS),
)
TOTALS = """
select count(*), sum(impressions), cast(sum(cost) as varchar),
    cast(sum(conversion_value) as varchar)
from {} where cost is not null
"""
MADE = "marts.fct_ad_daily"
_parsed: dict[str, Manifest] = {}


def prepare(folder: Path, file: str, fresh: int = 0, **_job: Any) -> None:
    """Copy the warehouse, load what is new and let dbt parse: none of it is measured."""
    os.environ["CAMPAIGNS_DATA_DIR"] = str(folder)
    if Path(file).exists():
        shutil.copyfile(file, Folder().warehouse)
    if fresh:
        load_new_day(Folder().warehouse)
    parsed = run_dbt(Folder().prepare(), "parse")
    assert isinstance(parsed.result, Manifest)
    _parsed["dbt"] = parsed.result


def make_raw(_folder: Path, file: str, days: int, ads: int) -> Callable[[], Totals]:
    """Make the raw tables, and keep them in `file`."""
    _dbt("seed")
    load_history(Folder().warehouse, days, ads)
    shutil.copyfile(Folder().warehouse, file)
    return dict


def make(folder: Path, file: str, days: int, ads: int) -> Callable[[], Totals]:
    """Make the raw tables and their marts, and keep them in `file`."""
    make_raw(folder, file, days, ads)
    _dbt(*MODELS)
    shutil.copyfile(Folder().warehouse, file)
    return _totals(MADE)


def anew(_folder: Path, **_job: Any) -> Callable[[], Totals]:
    """Build everything, as if it never had been built."""
    _dbt(*MODELS, "--full-refresh")
    return _totals(MADE)


def increment(_folder: Path, **_job: Any) -> Callable[[], Totals]:
    """Build what is new since the last build: a day with its lookback, or nothing."""
    _dbt(*MODELS)
    return dict


def by_hand(_folder: Path, **_job: Any) -> Callable[[], Totals]:
    """Make the same tables in one script."""
    with duckdb.connect(str(Folder().warehouse)) as database:
        database.execute(SCRIPT)
    return _totals("by_hand.ad_daily")


def _dbt(*command: str) -> None:
    done = run_dbt(Folder(), *command, manifest=_parsed["dbt"])
    if not done.success:
        raise CampaignsError(f"dbt {command[0]} failed: {done.exception or done.result}")


def _totals(table: str) -> Callable[[], Totals]:
    def sum_up() -> Totals:
        with duckdb.connect(str(Folder().warehouse), read_only=True) as database:
            row = database.execute(TOTALS.format(table)).fetchone()
        assert row is not None
        return dict(zip(("rows", "impressions", "cost", "conversion_value"), row, strict=True))

    return sum_up
