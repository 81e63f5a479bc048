"""Meta's pages and report runs: from a request to one file of whole pages, without any token."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from ingestion.facebook_errors import Missing, NotReady, verdict_of
from ingestion.http import Cut, Drifted, Http, TooMuch, backoff

LIMIT = 500
LEAST = 25
POLL = 30.0
VISITS = 3
READY_TRIES = 9
REPLICA_LAG = 60.0
PAGING = b'"paging"'
DATA = re.compile(rb'\s*\{\s*"data"\s*:')


@dataclass
class Pages:
    """Reads lists of an account; `limit` falls as the platform asks for less."""

    http: Http
    version: str
    proof: dict[str, str]
    job_start: float
    job_end: float
    limit: int = LIMIT

    def smaller(self) -> bool:
        """Halve the rows a page; False at the platform's own page size."""
        if self.limit <= LEAST:
            return False
        self.limit = max(self.limit // 2, LEAST)
        return True

    def get(self, path: str, params: dict[str, str]) -> Any:
        """Read one object."""
        answer = self.http.call("GET", f"{self.version}/{path}", params=params | self.proof)
        return orjson.loads(answer.body)

    def read(self, path: str, params: dict[str, str], target: Path) -> None:
        """Write all pages to a file, as a JSON array.

        Only `next` tells whether there is another page: an empty page may have one, and the last
        page has a cursor that leads nowhere.
        """
        visits: Counter[str] = Counter()
        url = f"{self.version}/{path}"
        query = params | {"limit": str(self.limit)} | self.proof
        with target.open("wb") as file:
            opening = b"["
            while url:
                body = self.http.call("GET", url, params=query).body
                rows, following = cut_page(body)
                file.write(opening + rows)
                opening = b","
                url, query = self.http.pinned(following) if following else "", self.proof
                visits[url] += 1
                if url and visits[url] > VISITS:
                    raise Cut("the pages lead round in a circle")
            file.write(b"]")

    def run(self, path: str, params: dict[str, str], target: Path) -> None:
        """Let the platform make a report, and write its pages to a file.

        Raises `Cut` where the run fails, is skipped or makes no progress: it is to be asked again.
        """
        answer = self.http.call("POST", f"{self.version}/{path}", data=params | self.proof)
        run = orjson.loads(answer.body).get("report_run_id")
        if not run:
            raise Drifted("the answer to a report run has no report_run_id")
        self._await(str(run))
        tries = 0
        while True:
            try:
                return self.read(f"{run}/insights", {}, target)
            except NotReady as problem:
                tries += 1
                if tries == READY_TRIES:
                    raise Cut(f"report run {run} cannot be read: {problem}") from None
                self.http.patience.wait(backoff(tries), f"report run {run} is not ready to be read")
            except TooMuch:
                if not self.smaller():
                    raise

    def _await(self, run: str) -> None:
        """Wait for a report run; 100 % while it still runs means nothing."""
        polls, waited = 0, 0.0
        while True:
            polls += 1
            try:
                state = self.get(run, {})
            except Missing:
                if waited > REPLICA_LAG:
                    raise
                state = {}
            except NotReady:
                state = {}
            status = str(state.get("async_status") or "Job Not Started")
            percent = _number(state.get("async_percent_completion"))
            if status == "Job Completed":
                return
            if status in ("Job Failed", "Job Skipped"):
                raise self._failed(run, status, state)
            idle = status == "Job Not Started" or percent == 0
            if waited > (self.job_start if idle else self.job_end):
                raise Cut(f"report run {run}: {status}, {percent} % after {waited:,.0f} s")
            wait = min(POLL, 0.5 * 2 ** (polls - 1))
            self.http.patience.wait(wait, f"report run {run}: {status}, {percent} %")
            waited += wait

    def _failed(self, run: str, status: str, state: dict[str, Any]) -> Cut | TooMuch:
        error = {"code": state.get("error_code"), "message": state.get("error_message")}
        error |= {"error_subcode": state.get("error_subcode")}
        why = str(state.get("error_user_msg") or state.get("error_message") or "no reason given")
        detail = self.http.clean(f"report run {run}: {status}: {why}")
        too_much = verdict_of(200, {}, error).problem is TooMuch
        return TooMuch(detail) if too_much else Cut(detail)


def cut_page(body: bytes) -> tuple[bytes, str | None]:
    """Split a page into its rows, as `{"data": […]}`, and the link to the next one.

    The rows are not parsed where the page has its usual form: data first, paging last. The paging
    holds the access token and goes no further.
    """
    at = body.rfind(PAGING)
    rows = body[: max(at, 0)].rstrip()
    if at > 0 and rows.endswith(b",") and DATA.match(rows):
        try:
            paging = orjson.loads(b"{" + body[at:])["paging"]
        except (orjson.JSONDecodeError, KeyError):
            paging = None
        if isinstance(paging, dict):
            return rows[:-1] + b"}", _next(paging)
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Cut("a page is no whole JSON") from None
    if not isinstance(content, dict) or not isinstance(content.get("data"), list):
        raise Drifted("a page has no data")
    return orjson.dumps({"data": content["data"]}), _next(content.get("paging") or {})


def _next(paging: dict[str, Any]) -> str | None:
    following = paging.get("next")
    return following if isinstance(following, str) and following else None


def _number(value: Any) -> int:
    try:
        return int(float(value))
    except (TypeError, ValueError):
        return 0
