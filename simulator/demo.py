"""The demo: a `campaigns` command on simulated accounts, read over HTTP as real ones would be.

`python -m simulator.demo run google_ads facebook_ads` starts the simulator on a free port, runs the
command in the environment that it gives, and stops it again, whatever happens. The accounts and
their last day are the same on every machine.
"""

import os

from pipeline.cli import main
from simulator.server import Simulator

PLATFORMS = ("google_ads", "facebook_ads")


def settings(simulator: Simulator) -> dict[str, str]:
    """What the collectors are told: the simulator's settings, and to begin on its first day."""
    first_day = simulator.world.first_day.isoformat()
    starts = {f"SOURCES__{platform.upper()}__START_DATE": first_day for platform in PLATFORMS}
    return simulator.environment | starts | {"NO_PROXY": "127.0.0.1"}


if __name__ == "__main__":
    with Simulator() as simulator:
        os.environ |= settings(simulator)
        main()
