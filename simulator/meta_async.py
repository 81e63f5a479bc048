"""Meta's asynchronous report runs, and the ways in which they mislead."""

import itertools
import threading
from dataclasses import dataclass
from typing import Any

from simulator.faults import Faults
from simulator.meta_params import MetaError
from simulator.meta_rows import Insights
from simulator.meta_wire import unknown
from simulator.portfolio import META, Account

MODES = ("async_failed", "async_skipped", "async_stuck", "async_running_100", "async_not_ready")


@dataclass
class Run:
    """A report run; `mode` is the fault that it was born with."""

    id: str
    account: Account
    insights: Insights
    mode: str = ""
    lies: int = 0  # polls that still say Job Running, or reads that are refused
    polls: int = 0
    hidden: bool = False
    done: bool = False


class Runs:
    """The runs of all accounts by id."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._runs: dict[str, Run] = {}
        self._numbers = itertools.count(6_023_920_149_050_001)
        self._lock = threading.Lock()

    def get(self, run_id: str) -> Run | None:
        """The run with this id."""
        return self._runs.get(run_id)

    def start(self, account: Account, params: dict[str, str], insights: Insights) -> Run:
        """A new run for a checked request."""
        del params
        run = Run(str(next(self._numbers)), account, insights)
        for mode in MODES:
            if fault := self._faults.take(mode, account.id, META):
                run.mode, run.lies = mode, int(fault.options.get("polls", "1"))
                break
        run.hidden = bool(self._faults.take("async_not_found_33", account.id, META))
        with self._lock:
            self._runs[run.id] = run
        return run

    def poll(self, run: Run) -> dict[str, Any]:
        """How far a run is."""
        if run.hidden:
            run.hidden = False
            raise unknown(run.id)
        run.polls += 1
        status, percent, more = self._state(run)
        run.done = status == "Job Completed"
        if run.done:
            more["time_completed"] = 1_790_000_060
        return {"id": run.id, "account_id": run.account.id, "time_ref": 1_790_000_000,
                "async_status": status, "async_percent_completion": percent,
                "date_start": str(run.insights.since), "date_stop": str(run.insights.until),
                **more}  # fmt: skip

    def check_readable(self, run: Run) -> None:
        """Refuse to give rows of a run that is not done, or only just."""
        early = run.done and run.mode == "async_not_ready" and run.lies > 0
        if early:
            run.lies -= 1
        if early or not run.done:
            raise MetaError(2601, "Error accessing adreport job.", error_subcode=1815107,
                            is_transient=True, error_user_title="Loading async report failed",
                            error_user_msg="The report is not ready.")  # fmt: skip

    def _state(self, run: Run) -> tuple[str, int, dict[str, Any]]:
        match run.mode:
            case "async_stuck":
                return "Job Not Started" if run.polls == 1 else "Job Running", 0, {}
            case "async_failed" if run.polls > 1:
                failure = {"error_code": 2, "error_subcode": 2490547,
                           "error_message": "The report has failed.",
                           "error_user_title": "Report failed",
                           "error_user_msg": "Please try again."}  # fmt: skip
                return "Job Failed", 40, failure
            case "async_skipped" if run.polls > 1:
                return "Job Skipped", 0, {}
            case "async_running_100" if run.lies > 0:
                run.lies -= 1
                return "Job Running", 100, {}
        if run.polls == 1 and run.mode != "async_running_100":
            return "Job Running", 55, {}
        return "Job Completed", 100, {}
