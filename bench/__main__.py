"""`python -m bench [QUESTION…]`: run the benchmarks and print their tables.

BENCH_ROWS (1,000,000) and BENCH_REPEATS (3) say how much.
"""

import os
import sys
from importlib import import_module

QUESTIONS = ("throughput", "warehouse", "readers", "api", "anomalies", "engines")


def main() -> None:
    """Run the questions that are named, or all."""
    rows = int(os.environ.get("BENCH_ROWS") or 1_000_000)
    repeats = int(os.environ.get("BENCH_REPEATS") or 3)
    for name in sys.argv[1:] or QUESTIONS:
        for comparison in import_module(f"bench.{name}").compare(rows, repeats):
            comparison.show()


if __name__ == "__main__":
    main()
