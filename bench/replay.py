"""A server that answers from disk, so that what is measured is the reader.

A request that it does not know goes to the platform behind it, and the answer is kept. Once the
platform is gone, only what was recorded is answered, everything else is 404. The server is a
process of its own; a recorded answer costs it a look at a dict and a sendfile.
"""

import hashlib
import http.client
import json
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

CREDENTIALS = {"access_token", "appsecret_proof"}
PASSED_ON = ("Authorization", "Content-Type", "Host", "login-customer-id")
FORM = "application/x-www-form-urlencoded"
# The state of a report run that is not ready yet: kept, it would never be ready.
UNREADY = b'"Job Running"'


class Recorder(ThreadingHTTPServer):
    """The recorded answers in a folder, and the platform that is asked for the others."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, upstream: str, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = upstream
        self.folder = folder
        self.known: dict[str, tuple[int, Path]] = {}

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Path]:
        """Have the platform answer into a file; returns the status, 404 where nobody is there."""
        key = key_of(method, path, headers.get("Content-Type", ""), body)
        if key in self.known:
            return self.known[key]
        target = self.folder / hashlib.sha256(key.encode()).hexdigest()
        connection = http.client.HTTPConnection(urlsplit(self.upstream).netloc)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            with target.open("wb") as file:
                while chunk := answer.read(1 << 20):
                    file.write(chunk)
        except ConnectionError:
            target.write_bytes(b'{"error": {"code": 404, "message": "this was not recorded"}}')
            return 404, target
        finally:
            connection.close()
        with target.open("rb") as file:
            if UNREADY not in file.read(1000):
                self.known[key] = answer.status, target
        return answer.status, target


def key_of(method: str, path: str, kind: str, body: bytes) -> str:
    """Name a request, whoever's credentials it carries and in whichever order it is written."""
    address = urlsplit(path)
    content = _without_credentials(body.decode()) if kind == FORM else body.decode()
    return json.dumps([method, address.path, _without_credentials(address.query), content])


def _without_credentials(query: str) -> Any:
    pairs = parse_qsl(query, keep_blank_values=True)
    return sorted(pair for pair in pairs if pair[0] not in CREDENTIALS)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Recorder  # ty: ignore[incompatible-mutable-override]

    def do_GET(self) -> None:
        """Answer."""
        self._answer()

    def do_POST(self) -> None:
        """Answer."""
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Stay silent."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name: self.headers[name] for name in PASSED_ON if name in self.headers}
        status, path = self.server.ask(self.command, self.path, headers, body)
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(path.stat().st_size))
        self.end_headers()
        self.wfile.flush()
        with path.open("rb") as file:
            self.connection.sendfile(file)


@contextmanager
def replaying(upstream: str, folder: Path) -> Generator[str]:
    """Run a recorder in a process of its own; yields its URL."""
    folder.mkdir()
    command = [sys.executable, "-m", "bench.replay", upstream, str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline().strip() if process.stdout else ""
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    """Serve until the process is ended; prints the URL."""
    recorder = Recorder(sys.argv[1], Path(sys.argv[2]))
    print(f"http://127.0.0.1:{recorder.server_port}", flush=True)
    recorder.serve_forever()


if __name__ == "__main__":
    main()
