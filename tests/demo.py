"""The demo, run once for all tests that look at its result."""

import os
import subprocess
import sys
from pathlib import Path

from pipeline.settings import PROJECT

SPECS = sorted(str(path) for path in (PROJECT / "simulator" / "demo").glob("*.yml"))


def campaigns(data: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user would, with its own data folder."""
    return subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *arguments],
        cwd=PROJECT,
        env=os.environ | {"CAMPAIGNS_DATA_DIR": str(data), "COLUMNS": "200"} | environment,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


def demo_run(data: Path) -> None:
    """Collect, build, publish (and report on) the demo accounts into `data`."""
    done = campaigns(data, "run", *SPECS)
    assert done.returncode == 0, done.stderr
