"""The command as its user runs it, and the demo, run once for all tests that look at its result."""

import os
import subprocess
import sys
from pathlib import Path

from pipeline.settings import PROJECT
from simulator.demo import PLATFORMS

# An export beside the simulated accounts: two rows that are read, two that are held back.
EXPORT = """Day;Campaign;Impressions;Clicks;Cost;Currency
2026-11-19;Pins;1000;20;12,50;EUR
2026-11-20;Pins;1100;21;#REF!;EUR
2026-11-31;Pins;900;18;11,25;EUR
2026-11-21;Pins;1200;25;14,75;EUR
"""
SPEC = """
name: pins
files: "*.csv"
number_format: {decimal: ","}
constants: {platform: pinterest_ads, account_id: shop}
columns: {date: Day, campaign_name: Campaign, impressions: Impressions, clicks: Clicks, cost: Cost,
  currency: Currency}
"""


def run(
    data: Path, module: str, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a module as a user would, with its own data folder."""
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=PROJECT,
        env=os.environ | {"CAMPAIGNS_DATA_DIR": str(data), "COLUMNS": "200"} | environment,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


def campaigns(data: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command `campaigns`."""
    return run(data, "pipeline.cli", *arguments, **environment)


def demo_run(data: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Do what `make demo` does, and read the export above with it."""
    exports = data.with_name(f"{data.name} exports")
    exports.mkdir(exist_ok=True)
    (exports / "pins.yml").write_text(SPEC, encoding="utf-8")
    (exports / "pins.csv").write_text(EXPORT, encoding="utf-8")
    sources = (*PLATFORMS, str(exports / "pins.yml"))
    return run(data, "simulator.demo", "run", *options, *sources)
