"""HTTP for the platforms' collectors: one client an account, over dlt's RESTClient.

What is common to every platform stands here: bounded waits that are said aloud, retries, tokens
that are renewed once they are refused, links that never lead to another host, and texts from
which every secret is taken out. What an answer means is the platform's own knowledge: a `Judge`
turns an answer into a `Verdict`, or into None when it is what was asked for.
"""

import random
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn, Protocol
from urllib.parse import parse_qsl, quote, quote_plus, urlencode, urlsplit, urlunsplit

import requests
from dlt.sources.helpers.rest_client import RESTClient
from requests.auth import AuthBase

from pipeline.errors import CampaignsError

TRIES = 20
TIMEOUT = (10, 300)
CHUNK = 1 << 20
BROKEN = (
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ConnectionError,
    requests.exceptions.ContentDecodingError,
    requests.exceptions.Timeout,
)
SECRET_PARAMETERS = ("access_token", "appsecret_proof", "client_secret", "refresh_token")
SECRET_TEXT = re.compile(
    r"((?:access_token|appsecret_proof|client_secret|refresh_token|fb_exchange_token|input_token)"
    r"(?:=|[\"']\s*:\s*[\"'])|Bearer\s+)[^\s&\"',}]+",
    re.IGNORECASE,
)


class Problem(CampaignsError):
    """An account or a part of it that cannot be read; `status` is that of its receipts.

    `whole` problems stop the account, the others only the report they met.
    """

    status: Literal["failed", "forbidden"] = "failed"
    whole = False


class Refused(Problem):
    """No permission, a disabled account, dead credentials: asking again does not help."""

    status = "forbidden"
    whole = True


class Drifted(Problem):
    """The answer lacks a field that was asked for: no number of this account can be trusted."""

    whole = True


class Exhausted(Problem):
    """The platform asks for more patience than was allowed."""

    whole = True


class TooMuch(Problem):
    """The platform wants a smaller request."""


class TooOld(Problem):
    """The platform no longer keeps these days."""


class Cut(Problem):
    """The answer ended before its end, or does not agree with itself: nothing of it is used."""


class Unreachable(Problem):
    """Nobody answers at the platform's address."""

    whole = True


class UnknownField(Problem):
    """The platform does not know a field that was asked for."""


@dataclass(frozen=True)
class Verdict:
    """What to do about an answer; `wait` in seconds, where the platform named it."""

    kind: Literal["retry", "throttled", "renew", "raise"]
    detail: str
    wait: float | None = None
    problem: type[Problem] = Problem


@dataclass(frozen=True)
class Answer:
    """A good answer; `body` is empty when it was written to a file."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Judge = Callable[[Answer], Verdict | None]


class Token(Protocol):
    """A bearer token that may be renewed when it was refused."""

    def get(self, patience: "Patience") -> str:
        """Give the token to send now."""
        ...

    def renew(self, used: str, patience: "Patience") -> bool:
        """Get another token than `used`; False where there is no way to."""
        ...


class Secrets:
    """The texts that must never be seen."""

    def __init__(self, *secrets: str | None) -> None:
        self.known: set[str] = set()
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str | None) -> None:
        """Remember a secret in every form that a URL may give it."""
        if secret and len(secret) >= 4:
            self.known |= {secret, quote(secret, safe=""), quote_plus(secret)}

    def clean(self, text: str) -> str:
        """Take the secrets out of a text, and put it on one line."""
        for secret in sorted(self.known, key=len, reverse=True):
            text = text.replace(secret, "***")
        return " ".join(SECRET_TEXT.sub(r"\1***", text).split())


class Patience:
    """How long one account may be waited for in all; every wait is said."""

    def __init__(self, limit: float, say: Callable[[str], None], stop: threading.Event) -> None:
        self.left = limit
        self.limit = limit
        self.say = say
        self.stop = stop

    def wait(self, seconds: float, why: str) -> None:
        """Sleep; raises `Exhausted` where that is longer than what is left."""
        if seconds > self.left:
            raise Exhausted(
                f"{why}: it asks to wait {seconds:,.0f} s, more than is left of the "
                f"{self.limit:,.0f} s of max_wait_seconds; run again later"
            )
        self.left -= seconds
        if seconds >= 1:
            self.say(f"{why}: waiting {seconds:,.0f} s")
        pause(seconds, self.stop)
        if self.stop.is_set():
            raise Exhausted("the run was stopped")


def pause(seconds: float, stop: threading.Event) -> None:
    """Sleep, unless the run is stopped meanwhile."""
    stop.wait(seconds)


def backoff(failures: int) -> float:
    """Seconds before the next try: 0.5, 1, 2, … up to 20, less a random quarter."""
    return min(20.0, 0.5 * 2 ** (failures - 1)) * random.uniform(0.75, 1)


class Http:
    """Calls to one platform's host on behalf of one account."""

    def __init__(
        self, base_url: str, token: Token, judge: Judge, secrets: Secrets, patience: Patience
    ) -> None:
        self.base = urlsplit(base_url)
        self.token = token
        self.judge = judge
        self.secrets = secrets
        self.patience = patience
        self.strangers: set[str] = set()
        # A session of its own: dlt's would retry by its rules below ours.
        auth = _Bearer(lambda: token.get(patience))
        self.client = RESTClient(base_url, auth=auth, session=requests.Session())

    def call(
        self,
        method: Literal["GET", "POST"],
        path: str,
        *,
        into: Path | None = None,
        judge: Judge | None = None,
        **request: Any,
    ) -> Answer:
        """Send a request until it is answered; raises a `Problem` where it never will be.

        With `into`, the body goes to that file chunk by chunk. A body that ends too early is
        asked for again, but a file that ends too early raises `Cut`: its reader decides.
        """
        failures = throttles = renewals = 0
        while True:
            used = self.token.get(self.patience)
            try:
                answer = self._send(method, path, into, request)
                verdict = (judge or self.judge)(answer)
            except BROKEN as error:
                trouble = f"{self.base.netloc} does not answer ({why(error)})"
                verdict = Verdict("retry", trouble, problem=Unreachable)
            if verdict is None:
                return answer
            if verdict.kind == "throttled":
                throttles += 1
                wait = verdict.wait or backoff(throttles + 1)
                self.patience.wait(wait, self.clean(verdict.detail))
            elif verdict.kind == "renew" and renewals < 2 and self.renew(used):
                renewals += 1
            elif verdict.kind == "renew" and not renewals:
                # No other token is to be had; one refusal is not believed before it is repeated.
                renewals = 2
                self.patience.wait(1.0, self.clean(verdict.detail))
            elif verdict.kind == "retry" and failures < TRIES - 1:
                failures += 1
                wait = backoff(failures) if verdict.wait is None else verdict.wait
                self.patience.wait(wait, self.clean(verdict.detail))
            else:
                self.give_up(verdict)

    def renew(self, used: str | None = None) -> bool:
        """Get another token than `used`, or than the one of now; False where there is none."""
        return self.token.renew(used or self.token.get(self.patience), self.patience)

    def give_up(self, verdict: Verdict) -> NoReturn:
        """Raise what a verdict stands for, without any secret in it."""
        kind = Refused if verdict.kind == "renew" else verdict.problem
        tries = f"; gave up after {TRIES} tries" if verdict.kind == "retry" else ""
        raise kind(self.clean(verdict.detail) + tries) from None

    def clean(self, text: str) -> str:
        """Take the secrets out of a text."""
        return self.secrets.clean(text)

    def pinned(self, link: str) -> str:
        """Bring a link that an answer named onto our own host, without the secrets in it."""
        parts = urlsplit(link)
        if parts.netloc != self.base.netloc and parts.netloc not in self.strangers:
            self.strangers.add(parts.netloc)
            self.patience.say(
                f"an answer links to another host ({parts.hostname}): "
                f"asked {self.base.hostname} instead"
            )
        query = parse_qsl(parts.query, keep_blank_values=True)
        kept = urlencode([(name, value) for name, value in query if name not in SECRET_PARAMETERS])
        return urlunsplit((self.base.scheme, self.base.netloc, parts.path, kept, ""))

    def _send(
        self, method: Literal["GET", "POST"], path: str, into: Path | None, request: dict[str, Any]
    ) -> Answer:
        with self.client.request(
            path, method, stream=True, allow_redirects=False, timeout=TIMEOUT, **request
        ) as response:
            if into is None or not response.ok or response.is_redirect:
                return Answer(response.status_code, response.headers, response.content)
            try:
                with into.open("wb") as file:
                    for chunk in response.iter_content(CHUNK):
                        file.write(chunk)
            except BROKEN as error:
                raise Cut(f"the answer was cut off ({why(error)})") from None
            return Answer(response.status_code, response.headers, b"")


class _Bearer(AuthBase):
    """Sets the token of the moment; nothing else, such as a .netrc, may set another."""

    def __init__(self, token: Callable[[], str]) -> None:
        self.token = token

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        r.headers["Authorization"] = f"Bearer {self.token()}"
        return r


def why(error: Exception) -> str:
    """Name what broke, without the URL that requests puts into its messages."""
    name = type(error).__name__
    known = {
        "ConnectionError": "no connection",
        "ConnectTimeout": "no connection in time",
        "ReadTimeout": "no answer in time",
        "ChunkedEncodingError": "cut off",
    }
    return known.get(name, name)
