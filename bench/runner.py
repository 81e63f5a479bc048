"""Runs the sides of a comparison in turn, each run a process of its own, and prints one table."""

import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

from rich.table import Table

from pipeline.console import out, say
from pipeline.errors import CampaignsError
from pipeline.settings import PROJECT

Totals = dict[str, Any]
"""What sums up the loaded data: `rows`, and whatever must be the same for all sides."""
Work = Callable[..., Callable[[], Totals]]
"""Works in a folder, told its job by keywords; returns what gives the totals, if it has any."""


@dataclass(frozen=True)
class Side:
    """What is measured: `work` is module:function; `totals` is what it is to come to, if known."""

    name: str
    work: str
    job: dict[str, Any]
    totals: Totals


@dataclass(frozen=True)
class Result:
    """A run of a side: seconds of clock and processor without imports, peak resident MB."""

    seconds: float
    cpu: float
    peak_mb: float
    totals: Totals


@dataclass
class Comparison:
    """Sides of one question; with the first, the others are compared row by row.

    Sides that nobody knows the totals of must come to the same as the one that ran first.
    """

    title: str
    sides: list[Side]
    results: list[list[Result]] = field(default_factory=list)

    def run(self, repeats: int) -> None:
        """Measure every side so many times, in turn and back again."""
        self.results = [[] for _ in self.sides]
        totals: Totals = {}
        turns = list(zip(self.sides, self.results, strict=True))
        for number in range(repeats):
            for side, results in turns[:: -1 if number % 2 else 1]:
                results.append(run(side if side.totals else replace(side, totals=totals)))
                totals = totals or results[-1].totals
                say(f"  {side.name}: {results[-1].seconds:.2f} s")

    def show(self) -> None:
        """Print a row a side."""
        table = Table(title=self.title, title_justify="left")
        for name in ("side", "rows", "seconds", "CPU", "rows/s", "peak MB", "a row", "CPU a row"):
            table.add_column(name, justify="left" if name == "side" else "right")
        first = self._medians(self.sides[0], self.results[0])
        for side, results in zip(self.sides, self.results, strict=True):
            rows, times = self._rows(side, results), [one.seconds for one in results]
            seconds, cpu = self._medians(side, results)
            table.add_row(
                side.name,
                f"{rows:,}",
                f"{median(times):.1f} ({min(times):.1f}-{max(times):.1f})",
                f"{cpu * rows:.1f}",
                f"{1 / seconds:,.0f}",
                f"{max(one.peak_mb for one in results):,.0f}",
                f"x {seconds / first[0]:.2f}",
                f"x {cpu / first[1]:.2f}",
            )
        out.print(table)

    def _rows(self, side: Side, results: list[Result]) -> int:
        return (side.totals or results[0].totals)["rows"]

    def _medians(self, side: Side, results: list[Result]) -> tuple[float, float]:
        """Give the seconds a row, on the clock and of the processor."""
        rows = self._rows(side, results)
        return median(one.seconds for one in results) / rows, median(
            one.cpu for one in results
        ) / rows


def run(side: Side) -> Result:
    """Run a side in a process of its own; raises where it fails or loads something else."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        command = [sys.executable, "-m", "bench.runner", side.work, folder, json.dumps(side.job)]
        ended = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, check=False)
    if ended.returncode:
        raise CampaignsError(f"{side.name}: {ended.stderr}")
    result = Result(**json.loads(ended.stdout.splitlines()[-1]))
    if side.totals and result.totals and result.totals != side.totals:
        raise CampaignsError(f"{side.name} loaded {result.totals} and not {side.totals}")
    return result


def measure(work: str, folder: Path, job: dict[str, Any]) -> Result:
    """Do a side's work in this process.

    The clock starts after its imports, and after its module's `prepare` where it has one.
    """
    path, name = work.split(":")
    module = importlib.import_module(path)
    function: Work = getattr(module, name)
    if prepare := getattr(module, "prepare", None):
        prepare(folder, **job)
    start, start_cpu = time.perf_counter(), cpu_seconds()
    sum_up = function(folder, **job)
    seconds, cpu = time.perf_counter() - start, cpu_seconds() - start_cpu
    return Result(seconds, cpu, peak_mb(), sum_up())


def peak_mb() -> float:
    """Give the peak of resident memory, of this process and those that it started and that run.

    Each counts at its own peak. Not getrusage's, which begins at the parent's.
    """
    return sum(memory_of(pid, "VmHWM") for pid in family())


def cpu_seconds() -> float:
    """Give the processor's seconds of this process and of those that it started."""
    ticks = 0
    for pid in family():
        try:
            after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += sum(map(int, after_name[11:15]))  # its own, and of children that ended
    return ticks / os.sysconf("SC_CLK_TCK")


def family() -> set[int]:
    """Give this process's id and those of all processes below it that run."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/status"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().split("PPid:")[1].split()[0])
        except OSError:
            continue  # it ended meanwhile
    mine = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in mine} - mine:
        mine |= more
    return mine


def memory_of(process: int, what: str) -> float:
    """Give what the kernel tells of a process's memory, in MB: VmHWM is its peak, VmRSS now.

    0 where the process is no more.
    """
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    return int(status.split(f"{what}:")[1].split()[0]) / 1024 if what in status else 0


if __name__ == "__main__":
    print(json.dumps(vars(measure(sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3])))))
