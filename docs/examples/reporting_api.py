"""The reporting API: start it, see what can be asked, ask, and write the answer to files.

    python docs/examples/reporting_api.py

It needs a published snapshot: run `make demo` or docs/examples/basic_pipeline.py first. The server
is started on a free port and stopped again; usually it runs on its own: `campaigns serve`.
"""

import json
import socket
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen


def ask(path: str, body: dict | None = None, **headers: str) -> tuple[dict[str, str], bytes]:
    """Send a request; gives the answer's headers and content."""
    content = None if body is None else json.dumps(body).encode()
    request = Request(url + path, content, {"Content-Type": "application/json"} | headers)
    with urlopen(request, timeout=60) as answer:
        return dict(answer.headers.items()), answer.read()


with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
url = f"http://127.0.0.1:{port}"
server = subprocess.Popen([sys.executable, "-m", "pipeline.cli", "serve", "--port", str(port)])
try:
    for _ in range(300):
        try:
            print("live:", json.loads(ask("/health")[1])["snapshot"])
            break
        except URLError:
            time.sleep(0.2)

    metrics = json.loads(ask("/metrics")[1])["data"]
    print(f"{len(metrics)} metrics, such as {', '.join(one['name'] for one in metrics[:5])}")

    question = {
        "name": "Last weeks by platform",
        "metrics": [{"name": "cost"}, {"name": "roas"}],
        "dimensions": [{"name": "platform"}],
        "grain": "week",
        "segments": [{"dimension": "channel", "operator": "!=", "values": ["video"]}],
        "totals": True,
    }
    headers, content = ask("/reports", question)
    report = json.loads(content)
    print(f"{report['row_count']} rows, {report['totals']['cost']} {report['currency']} in all")
    for note in report["coverage"]["notes"]:
        print(note)

    # Asked again, it costs nothing as long as no newer snapshot was published.
    try:
        ask("/reports", question, **{"If-None-Match": headers["etag"]})
    except HTTPError as error:
        print("asked again:", error.code)

    # The same answer as a file; a wrong name is told with the right one.
    with TemporaryDirectory() as folder:
        file = Path(folder) / "report.xlsx"
        file.write_bytes(ask("/reports", question | {"format": "xlsx"})[1])
        print(f"{file.name}: {file.stat().st_size} bytes")
    print(ask("/reports", question | {"format": "markdown"})[1].decode())
    try:
        ask("/reports", {"metrics": ["csot"]})
    except HTTPError as error:
        print(error.code, json.loads(error.read())["detail"])
finally:
    server.terminate()
    server.wait()
