"""A running simulator and the plainest of clients."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from simulator.control import Control
from simulator.portfolio import MANAGER
from simulator.server import Simulator
from simulator.world import World


@dataclass
class Answer:
    """A whole HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body; money and doubles keep their text."""
        return json.loads(self.body, parse_float=str)


class Client:
    """Calls a simulator as its user would."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator, self.control = simulator, simulator.control
        self.token = ""

    def call(
        self, method: str, path: str, body: str = "", headers: dict[str, str] | None = None
    ) -> Answer:
        """Send one request; http.client.IncompleteRead when the answer breaks off."""
        parts = urlsplit(path)
        connection = HTTPConnection(urlsplit(self.simulator.url).netloc, timeout=20)
        try:
            query = f"?{parts.query}" if parts.query else ""
            connection.request(method, parts.path + query, body.encode(), headers or {})
            response: HTTPResponse = connection.getresponse()
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, headers, response.read())
        finally:
            connection.close()

    def login(self, **changes: str) -> Answer:
        """Fetch an access token of Google's."""
        control = self.control
        form = {"grant_type": "refresh_token", "client_id": control.client_id,
                "client_secret": control.client_secret,
                "refresh_token": control.refresh_token} | changes  # fmt: skip
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self.call("POST", "/token", urlencode(form), kind)
        if answer.status == 200:
            self.token = answer.json["access_token"]
        return answer

    def gaql(
        self, customer: str, query: str, method: str = "searchStream", login: str = MANAGER,
        **more: Any,
    ) -> Answer:  # fmt: skip
        """Ask Google Ads."""
        if not self.token:
            self.login()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        if login:
            headers["login-customer-id"] = login
        path = f"/v26/customers/{customer}/googleAds:{method}"
        return self.call("POST", path, json.dumps({"query": query, **more}), headers)

    def rows(self, customer: str, query: str) -> list[Any]:
        """All rows of a stream."""
        answer = self.gaql(customer, query)
        assert answer.status == 200, answer.body
        return [row for batch in answer.json for row in batch.get("results", [])]

    def graph(self, path: str, method: str = "GET", **params: Any) -> Answer:
        """Ask Meta; parameters that are no texts are sent as JSON."""
        texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in params.items()}
        texts.setdefault("access_token", self.control.access_token)
        if method == "POST":
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            return self.call("POST", f"/v26.0/{path}", urlencode(texts), kind)
        return self.call(method, f"/v26.0/{path}?{urlencode(texts)}")

    def pages(self, path: str, **params: Any) -> list[Any]:
        """All rows of all pages, by following `next` alone."""
        answer = self.graph(path, **params)
        rows: list[Any] = []
        while True:
            assert answer.status == 200, answer.body
            rows += answer.json["data"]
            url = answer.json.get("paging", {}).get("next")
            if not url:
                return rows
            answer = self.call("GET", url[url.index("/v26.0") :])


@pytest.fixture(scope="session")
def tiny() -> World:
    """30 campaigns, 45 days."""
    return World(seed=1, scale="tiny")


@pytest.fixture(scope="session")
def _running(tiny: World) -> Iterator[Simulator]:
    with Simulator(world=tiny) as simulator:
        yield simulator


@pytest.fixture
def client(_running: Simulator) -> Iterator[Client]:
    """A client of a simulator whose clock, settings and faults are as at the start."""
    fresh = Control()
    _running.control.apply({"clear": True, "clear_log": True, "now": fresh.now.isoformat(),
                            **{n: v for n, v in fresh.state().items()
                               if n not in ("now", "faults")}})  # fmt: skip
    _running.meta.runs.__init__(_running.control.faults)
    yield Client(_running)
    _running.control.faults.clear()
