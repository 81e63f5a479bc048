"""The simulated platforms over HTTP, both on one port: Google Ads below /v26, Meta below /v26.0.

`python -m simulator.server` starts it and prints the settings with which to collect from it.
"""

import argparse
import json
import re
import shlex
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from simulator.control import Control
from simulator.google import GoogleAds
from simulator.meta import Meta
from simulator.portfolio import ACCOUNTS, GOOGLE, MANAGER, META, Scale
from simulator.truth import write_truth
from simulator.wire import Cut, Request, Response, answer
from simulator.world import ANCHOR, World


class Simulator:
    """The simulated platforms, running on 127.0.0.1; a context manager.

    `today` is also the anchor of what happens in the accounts unless `anchor` says otherwise; a
    `world` of one's own is used instead of a new one.
    """

    def __init__(
        self,
        seed: int = 1,
        scale: str | int | Scale = "small",
        today: date = ANCHOR,
        faults: Sequence[str] = (),
        port: int = 0,
        anchor: date | None = None,
        world: World | None = None,
    ) -> None:
        self.world = world or World(seed, scale, anchor or today)
        self.control = Control(now=today)
        for fault in faults:
            self.control.faults.add(fault)
        self.google = GoogleAds(self.world, self.control)
        self.meta = Meta(self.world, self.control)
        handler = type("Handler", (_Handler,), {"simulator": self})
        self._server = _Server(("127.0.0.1", port), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def environment(self) -> dict[str, str]:
        """Settings for the collectors."""
        return environment(self.url, self.control)

    def __enter__(self) -> "Simulator":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def respond(self, request: Request) -> Response:
        """The answer of whichever platform is asked."""
        path = request.path
        if path.startswith("/_"):
            return self._steer(request)
        if fault := self.control.faults.take("slow"):
            time.sleep(float(fault.options["seconds"]))
        if path in ("/token", "/o/oauth2/token", "/oauth2/v3/token"):
            return self.google.token(request)
        if re.match(r"/v\d+/", path):
            return self.google.handle(request)
        if re.match(r"/v\d+\.\d+/", path):
            return self.meta.handle(request)
        return answer({"error": {"code": 404, "message": "Not Found", "status": "NOT_FOUND"}}, 404)

    def _steer(self, request: Request) -> Response:
        if request.path == "/_control":
            if request.method == "POST":
                try:
                    self.control.apply(request.json())
                except ValueError as error:
                    return answer({"error": str(error)}, 422)
            return answer(self.control.state())
        if request.path == "/_log":
            return answer(self.control.requests)
        if request.path == "/_truth":
            files = write_truth(self.world, Path(request.params["folder"]), self.control.now)
            return answer([str(path) for path in files])
        return answer({"error": "there are /_control, /_log and /_truth?folder="}, 404)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


class _Handler(BaseHTTPRequestHandler):
    """HTTP/1.1 with chunked answers where they are streamed."""

    simulator: Simulator
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "simulator", ""
    wbufsize = 1 << 16
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Answer."""
        self._answer()

    def do_POST(self) -> None:
        """Answer."""
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Stay silent; requests are in the control's log."""

    def _answer(self) -> None:
        request = self._request()
        try:
            response = self.simulator.respond(request)
        except Exception:  # a fault of the simulator: say so rather than hang up
            traceback.print_exc()
            response = answer({"simulator_error": traceback.format_exc(limit=1)}, 500)
        if not request.path.startswith("/_"):
            self.simulator.control.record(_entry(request, response))
        self.send_response(response.status)
        headers = {"Content-Type": "application/json; charset=UTF-8", **response.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        try:
            if isinstance(response.body, bytes):
                self.send_header("Content-Length", str(len(response.body)))
                self.end_headers()
                self.wfile.write(response.body)
            else:
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                self._send(response.body)
            self.wfile.flush()
        except (Cut, ConnectionError):
            self.close_connection = True

    def _send(self, parts: Iterator[bytes]) -> None:
        try:
            for part in parts:
                if part:
                    self.wfile.write(f"{len(part):x}\r\n".encode())
                    self.wfile.write(part)
                    self.wfile.write(b"\r\n")
            self.wfile.write(b"0\r\n\r\n")
        except Cut:
            self.wfile.flush()
            raise

    def _request(self) -> Request:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        address = urlsplit(self.path)
        params = dict(parse_qsl(address.query, keep_blank_values=True))
        headers = {name.lower(): value for name, value in self.headers.items()}
        if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            params |= dict(parse_qsl(body.decode(), keep_blank_values=True))
        host = headers.get("host", "127.0.0.1")
        return Request(self.command, address.path, params, headers, body, host)


def _entry(request: Request, response: Response) -> dict[str, Any]:
    """A request for the log: its path without secrets, the days asked for, the answer's status."""
    google = not re.match(r"/v\d+\.\d+/", request.path)
    platform = GOOGLE if google else META
    return {"platform": platform, "method": request.method, "path": request.path,
            "status": response.status, **response.note}  # fmt: skip


def environment(url: str, control: Control | None = None) -> dict[str, str]:
    """The environment variables with which the collectors read from a simulator at `url`."""
    control = control or Control()
    ids = {p: [a.id for a in ACCOUNTS if a.platform == p] for p in (GOOGLE, META)}
    return {
        "SOURCES__GOOGLE_ADS__CUSTOMER_IDS": json.dumps(ids[GOOGLE]),
        "SOURCES__GOOGLE_ADS__LOGIN_CUSTOMER_ID": MANAGER,
        "SOURCES__GOOGLE_ADS__CLIENT_ID": control.client_id,
        "SOURCES__GOOGLE_ADS__CLIENT_SECRET": control.client_secret,
        "SOURCES__GOOGLE_ADS__REFRESH_TOKEN": control.refresh_token,
        "SOURCES__GOOGLE_ADS__BASE_URL": url,
        "SOURCES__GOOGLE_ADS__TOKEN_URL": f"{url}/token",
        "SOURCES__FACEBOOK_ADS__ACCOUNT_IDS": json.dumps(ids[META]),
        "SOURCES__FACEBOOK_ADS__ACCESS_TOKEN": control.access_token,
        "SOURCES__FACEBOOK_ADS__APP_SECRET": control.app_secret,
        "SOURCES__FACEBOOK_ADS__BASE_URL": url,
        "CAMPAIGNS_TODAY": control.today.isoformat(),
    }


def serve(
    port: int = 0,
    seed: int = 1,
    scale: str | int = "small",
    today: date = ANCHOR,
    faults: Sequence[str] = (),
    truth: Path | None = None,
    anchor: date | None = None,
) -> None:
    """Run until interrupted; prints the settings to export. Raises ValueError on a bad setting."""
    with Simulator(seed, scale, today, faults, port, anchor) as simulator:
        print(f"# simulated ad accounts at {simulator.url}; stop with Ctrl-C")
        for name, value in simulator.environment.items():
            print(f"export {name}={shlex.quote(value)}")
        if truth:
            files = write_truth(simulator.world, truth, today)
            print(f"# truth: {len(files)} files in {truth}")
        print("", end="", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("# stopped")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Simulated Google Ads and Meta accounts.")
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", default="small", help="small, medium, large or ad-days")
    parser.add_argument("--today", type=date.fromisoformat, default=ANCHOR)
    parser.add_argument("--anchor", type=date.fromisoformat, help="day of the plot; default today")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME[:TIMES][:KEY=VALUE]")
    parser.add_argument("--truth", type=Path, metavar="DIR", help="write the truth as Parquet")
    chosen = parser.parse_args()
    try:
        serve(chosen.port, chosen.seed, chosen.scale, chosen.today, chosen.fault, chosen.truth,
              chosen.anchor)  # fmt: skip
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
