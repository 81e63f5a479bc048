"""The reporting API over HTTP: the same figures as the engine, and nothing but figures."""

import asyncio
import io
import json
import logging
import re
import shutil
from collections.abc import Callable, Iterator, MutableMapping
from decimal import Decimal
from itertools import product
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from api import Reports
from api.definitions import definitions
from api.http.answers import accepted
from api.http.edge import host_name
from api.http.problems import MEDIA_TYPE, Refused
from api.server import Limits, is_loopback, make_app, serve
from pipeline.errors import UsageError
from pipeline.settings import Folder
from tests.api.reports import BASE

# As the first design of this API had it, date-times and all.
FIRST_DESIGN = {
    "name": "Campaign Performance",
    "time_range": {"start_date": "2026-10-01T00:00:00Z", "end_date": "2026-10-31T23:59:59Z"},
    "metrics": [{"name": "impressions"}, {"name": "clicks"}, {"name": "cost"}],
}
OCTOBER = {"start_date": "2026-10-01", "end_date": "2026-10-31"}
ASKED = {"metrics": ["cost", "roas"], "dimensions": ["platform"], "time_range": OCTOBER}
NASTY = (
    "'; drop table marts.fct_campaign_daily; --",
    "\" union select * from read_csv('/etc/passwd') --",
    "{{ 7 * 7 }}{% for x in y %}",
    "../../../../etc/passwd",
    "/etc/passwd",
    "=cmd()|'/C calc'!A0",
    "<script>alert(1)</script>",
    "$parameter",
    "%s %(x)s {0.__class__}",
    "a\r\nX-Injected: yes",
    "\x00\x1b[2J",
    "🙂\u202e",
    "a" * 150,
)
SLOW = "select count(*) from range(100000000000) as numbers(one) where one % 7 = 3"


def problem_of(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == MEDIA_TYPE
    told = response.json()
    assert told["status"] == status and told["title"] and told["detail"]
    return told


def test_the_request_of_the_first_design_returns_data(client: TestClient) -> None:
    answer = client.post("/reports", json=FIRST_DESIGN).json()
    assert answer["name"] == "Campaign Performance"
    assert answer["time_range"] == OCTOBER
    (row,) = answer["data"]
    assert row["impressions"] > row["clicks"] > 0 and row["cost"] > 0
    assert answer["row_count"] == 1 and answer["currency"] == "USD"
    assert {"is_complete", "is_mature"} <= set(answer["coverage"])
    assert [column["name"] for column in answer["columns"]] == ["impressions", "clicks", "cost"]


METRICS = (["cost"], ["impressions", "clicks", "ctr"], ["roas", "cpa", "conversions"])
DIMENSIONS = ([], ["platform"], ["platform", "channel"], ["account"])
GRAINS = (None, "day", "week", "month")


@pytest.mark.parametrize(
    ("metrics", "dimensions", "grain"), product(METRICS, DIMENSIONS, GRAINS), ids=str
)
def test_http_gives_what_the_engine_gives(
    client: TestClient,
    demo: Folder,
    metrics: list[str],
    dimensions: list[str],
    grain: str | None,
) -> None:
    request = {
        "metrics": metrics,
        "dimensions": dimensions,
        "grain": grain,
        "time_range": {"start_date": "2026-09-17", "end_date": "2026-10-20"},
        "segments": [{"dimension": "channel", "operator": "!=", "values": ["video"]}],
        "totals": True,
    }
    told = client.post("/reports", json=request).content
    found = json.loads(told, parse_float=Decimal, parse_int=Decimal)
    expected = Reports.open(demo.path).query(request)
    assert found["row_count"] == expected.rows.num_rows > 0
    for row, exact in zip(found["data"], expected.to_pylist(), strict=True):
        for name, value in exact.items():
            if isinstance(value, float):
                assert float(row[name]) == value
            else:
                assert row[name] == (value.isoformat() if hasattr(value, "isoformat") else value)
    assert found["totals"].keys() == (expected.totals or {}).keys()


def test_every_format_is_chosen_by_name_or_by_accept(client: TestClient) -> None:
    by_name = client.post("/reports", json=ASKED | {"format": "csv"})
    assert by_name.headers["content-type"] == "text/csv; charset=utf-8"
    assert by_name.text.startswith("platform,cost,roas\r\n")
    for name, media_type in (
        ("markdown", "text/markdown"),
        ("html", "text/html"),
        ("parquet", "application/vnd.apache.parquet"),
    ):
        found = client.post("/reports", json=ASKED, headers={"Accept": media_type})
        assert found.headers["content-type"].startswith(media_type)
        written = client.post("/reports", json=ASKED | {"format": name}).content
        assert written[:200] == found.content[:200]
    table = pq.read_table(io.BytesIO(found.content))
    assert table.column_names == ["platform", "cost", "roas"]
    german = client.post("/reports?locale=de-DE", json=ASKED | {"format": "markdown"}).text
    assert re.search(r"\d\.\d{3},\d\d\s\$", german)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("*/*", "json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "html"),
        ("text/csv;q=0.5, application/json;q=0.4", "csv"),
        ("text/*", "csv"),
        ("application/json;q=0, */*", "csv"),
        ("text/markdown;q=1.0", "markdown"),
    ],
)
def test_accept_is_read_as_rfc_9110_says(header: str, name: str) -> None:
    assert accepted(header).name == name


@pytest.mark.parametrize("header", ["image/png", "application/json;q=0", "", "text/csv;q=NaN"])
def test_what_nobody_accepts_is_406(client: TestClient, header: str) -> None:
    with pytest.raises(Refused):
        accepted(header)
    problem_of(client.post("/reports", json=ASKED, headers={"Accept": header}), 406)


@pytest.mark.parametrize(
    ("request_", "field", "nearest"),
    [
        ({"metrics": ["csot"]}, "metrics", "cost"),
        ({"metrics": ["cost"], "dimensions": ["plattform"]}, "dimensions", "platform"),
        ({"metrics": ["cost"], "segments": [{"name": "brand_serach"}]}, "segments", "brand_search"),
        ({"metrics": ["cost"], "format": "markdwon"}, "format", "markdown"),
    ],
)
def test_unknown_names_are_422_with_the_nearest(
    client: TestClient, request_: dict[str, Any], field: str, nearest: str
) -> None:
    told = problem_of(client.post("/reports", json=request_), 422)
    assert told["code"] == "unknown_name" and nearest in told["nearest"]
    assert field in (told["field"] or "")


@pytest.mark.parametrize("metric", ["reach", "frequency", "avg_ctr"])
def test_a_roll_up_without_sense_is_422_with_the_reason(client: TestClient, metric: str) -> None:
    told = problem_of(client.post("/reports", json={"metrics": [metric]}), 422)
    assert told["code"] in ("refused", "not_additive") and len(told["detail"]) > 40


def test_other_refusals_are_problems(client: TestClient) -> None:
    problem_of(client.get("/nothing"), 404)
    assert "top_campaigns" in problem_of(client.get("/reports/top_campaign"), 404)["nearest"]
    refused = client.put("/reports")
    problem_of(refused, 405)
    assert refused.headers["allow"] == "GET, POST"
    for content in ("", "{", "[]", '"text"', "\xff"):
        sent = client.post(
            "/reports", content=content, headers={"Content-Type": "application/json"}
        )
        problem_of(sent, 422)
    assert "platfrom" in problem_of(client.get("/anomalies?platfrom=google_ads"), 422)["detail"]
    problem_of(client.get("/anomalies?limit=0"), 422)
    problem_of(client.get("/anomalies?since=yesterday"), 422)
    problem_of(client.post("/reports", json=ASKED | {"name": "x" * 300_000}), 413)

    def endless() -> Iterator[bytes]:
        for _ in range(300):
            yield b" " * 1024

    problem_of(client.post("/reports", content=endless()), 413)


def test_too_many_rows_are_refused_and_pages_hold_them_all(demo: Folder) -> None:
    request = {"metrics": ["cost"], "dimensions": ["campaign"], "grain": "day"}
    ordered = request | {"order_by": ["date", "platform", "campaign_id"], "totals": True}
    with TestClient(make_app(demo, limits=Limits(rows=50)), BASE) as client:
        told = problem_of(client.post("/reports", json=request), 422)
        assert told["code"] == "too_many_rows" and "offset" in told["detail"]
        first = client.post("/reports", json=ordered | {"limit": 40})
        assert first.headers["x-next-offset"] == "40" and first.json()["next_offset"] == 40
        pages, offset = [first.json()], 40
        while pages[-1]["next_offset"] is not None:
            asked = ordered | {"limit": 50, "offset": offset}
            pages.append(client.post("/reports", json=asked).json())
            offset = pages[-1]["next_offset"]
    with TestClient(make_app(demo), BASE) as client:
        whole = client.post("/reports", json=ordered).json()
    assert [row for page in pages for row in page["data"]] == whole["data"]
    assert all(page["totals"] == whole["totals"] for page in pages)


def test_a_large_answer_is_streamed(client: TestClient) -> None:
    request = {
        "metrics": ["cost", "clicks"],
        "dimensions": ["ad"],
        "grain": "day",
        "time_range": {"start_date": "2026-06-01", "end_date": "2026-11-30"},
    }
    with client.stream("POST", "/reports", json=request | {"format": "csv"}) as answer:
        assert "content-length" not in answer.headers
        lines = answer.read().decode().split("\r\n")
    assert len(lines) > 10_000
    assert client.post("/reports", json=request).json()["row_count"] == len(lines) - 2


def test_the_same_answer_is_not_sent_twice(client: TestClient) -> None:
    first = client.post("/reports", json=ASKED)
    tag = first.headers["etag"]
    assert client.post("/reports", json=ASKED).headers["etag"] == tag
    again = client.post("/reports", json=ASKED, headers={"If-None-Match": f'"x", {tag}'})
    assert again.status_code == 304 and not again.content and again.headers["etag"] == tag
    others = [
        client.post("/reports", json=ASKED | {"metrics": ["cost"]}),
        client.post("/reports", json=ASKED | {"format": "csv"}),
        client.post("/reports", json=ASKED | {"format": "html"}),
        client.post("/reports?locale=de_DE", json=ASKED | {"format": "html"}),
    ]
    assert len({tag, *(one.headers["etag"] for one in others)}) == 5
    # A machine's format is the same in every locale.
    assert client.post("/reports?locale=de_DE", json=ASKED).headers["etag"] == tag


def test_answers_are_packed_and_named(client: TestClient) -> None:
    answer = client.post("/reports", json=ASKED | {"dimensions": ["campaign"]})
    assert answer.headers["content-encoding"] == "gzip"
    plain = client.post("/reports", json=ASKED, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    named = client.post("/reports", json=ASKED, headers={"X-Request-ID": "my-id.1"})
    assert named.headers["x-request-id"] == "my-id.1"
    strange = client.post("/reports", json=ASKED, headers={"X-Request-ID": 'a"b c'})
    assert re.fullmatch("[0-9a-f]{16}", strange.headers["x-request-id"])
    file = client.post("/reports", json=ASKED | {"format": "csv", "name": 'Ü "q"\r\nX-A: b;'})
    assert file.headers["content-disposition"] == (
        'attachment; filename="q_X-A_b.csv"; '
        "filename*=UTF-8''%C3%9C%20%22q%22%0D%0AX-A%3A%20b%3B.csv"
    )
    assert "x-a" not in file.headers


def test_the_catalogue_and_the_docs_are_served(client: TestClient) -> None:
    metrics = {one["name"]: one for one in client.get("/metrics").json()["data"]}
    assert metrics["roas"]["unit"] == "ratio" and metrics["cost"]["unit"] == "USD"
    assert "platform" in {one["name"] for one in client.get("/dimensions").json()["data"]}
    assert "brand_search" in {one["name"] for one in client.get("/segments").json()["data"]}
    page = client.get("/docs").text
    assert "/reports" in page and "<script" not in page and "https://" not in page
    document = client.get("/openapi.json").json()
    assert set(document["paths"]) == {
        *("/reports", "/reports/{name}", "/anomalies", "/insights", "/metrics", "/dimensions"),
        *("/segments", "/health", "/internal/metrics"),
    }
    assert client.get("/health").json()["status"] == "ok"


def test_anomalies_and_insights_are_filtered(client: TestClient, demo: Folder) -> None:
    found = client.get("/anomalies?limit=10000").json()
    assert found["row_count"] > 5 and found["next_offset"] is None
    assert all(row["is_anomaly"] for row in found["data"])
    days = [row["date_day"] for row in found["data"]]
    assert days == sorted(days, reverse=True)
    one = found["data"][0]
    query = f"platform={one['platform']}&metric={one['metric']}&campaign_id={one['campaign_id']}"
    some = client.get(f"/anomalies?{query}&since={days[-1]}&until={days[0]}").json()["data"]
    assert one in some and len(some) < len(days)
    page = client.get("/anomalies?limit=2")
    assert page.json()["data"] == found["data"][:2]
    following = page.headers["link"].split(">")[0].removeprefix("<")
    assert client.get(following).json()["data"] == found["data"][2:4]
    header = client.get("/anomalies?format=csv").text.split("\r\n")[0]
    assert {"platform", "account_id", "money_at_stake"} <= set(header.split(","))
    told = client.get("/insights").json()
    tables = json.loads((demo.published / "CURRENT.json").read_text())["tables"]
    if "marts.fct_insights" in tables:
        assert told["row_count"] == min(100, tables["marts.fct_insights"])
    else:
        assert told["data"] == [] and "no insights" in told["coverage"]["notes"][0]


def test_named_reports_are_served_in_their_format_or_another(client: TestClient) -> None:
    names = {one["name"] for one in client.get("/reports").json()["data"]}
    assert names == set(definitions())
    mail = client.get("/reports/weekly_overview")
    assert mail.headers["content-type"].startswith("text/html") and "<style" not in mail.text
    data = client.get("/reports/weekly_overview?format=json&since=2026-10-01&until=2026-10-07")
    assert data.json()["time_range"] == {"start_date": "2026-10-01", "end_date": "2026-10-07"}
    page = client.get("/reports/top_campaigns?format=json&limit=3&offset=3").json()
    assert page["row_count"] == 3 and page["next_offset"] == 6
    asked = client.get("/reports/top_campaigns", headers={"Accept": "text/csv"})
    assert asked.headers["content-type"].startswith("text/csv")


@pytest.mark.parametrize(
    "send",
    [
        lambda text: ASKED | {"name": text},
        lambda text: ASKED | {"metrics": [text]},
        lambda text: ASKED | {"dimensions": [text]},
        lambda text: ASKED | {"segments": [{"name": text}]},
        lambda text: ASKED | {"segments": [{"dimension": text, "operator": "=", "values": ["a"]}]},
        lambda text: (
            ASKED | {"segments": [{"dimension": "channel", "operator": text, "values": ["a"]}]}
        ),
        lambda text: (
            ASKED
            | {"segments": [{"dimension": "campaign_name", "operator": "=", "values": [text]}]}
        ),
        lambda text: (
            ASKED
            | {
                "segments": [
                    {"dimension": "campaign_name", "operator": "matches", "values": [text]}
                ]
            }
        ),
        lambda text: ASKED | {"order_by": [text]},
        lambda text: ASKED | {"order_by": [{"name": text}]},
        lambda text: ASKED | {"grain": text},
        lambda text: ASKED | {"format": text},
        lambda text: ASKED | {"compare": text},
        lambda text: ASKED | {"time_range": {"start_date": text}},
        lambda text: {text: text} | ASKED,
    ],
)
def test_what_is_injected_does_nothing(
    client: TestClient, demo: Folder, send: Callable[[str], dict[str, Any]]
) -> None:
    expected = client.post("/reports", json=ASKED).json()["data"]
    files = sorted(demo.path.rglob("*"))
    for text in NASTY:
        for name in ("json", "html"):
            asked = {"format": name} | send(text)
            answer = client.post("/reports", json=asked)
            assert answer.status_code in (200, 422), answer.text
            assert "x-injected" not in answer.headers
            assert "root:" not in answer.text
            if answer.headers["content-type"].startswith("text/html"):
                assert "<script" not in answer.text
    assert client.post("/reports", json=ASKED).json()["data"] == expected
    assert sorted(demo.path.rglob("*")) == files


@pytest.mark.parametrize("text", [one for one in NASTY if one.isprintable() and one.isascii()])
def test_headers_paths_and_queries_inject_nothing(client: TestClient, text: str) -> None:
    headers = {"X-Request-ID": text, "Accept": text, "If-None-Match": text, "Range": text}
    assert client.post("/reports", json=ASKED, headers=headers).status_code in (200, 406)
    for route in ("anomalies", "insights"):
        for parameter in ("platform", "account_id", "campaign_id"):
            found = client.get(f"/{route}", params={parameter: text})
            assert found.status_code == 200 and found.json()["data"] == []
        for parameter in ("since", "until", "format", "locale", "limit"):
            assert client.get(f"/{route}", params={parameter: text}).status_code == 422
    problem_of(client.get("/reports/" + text.replace("/", "%2F").replace("?", "%3F")), 404)


@pytest.mark.parametrize(
    "statement",
    [
        "from read_csv('/etc/passwd')",
        "from read_text('/etc/hostname')",
        "from glob('/*')",
        "copy (select 1) to 'written.csv'",
        "attach 'other.duckdb'",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "set lock_configuration = false",
        "export database 'folder'",
        "update snapshot.marts.dim_account set account_name = 'x'",
        "drop table snapshot.marts.dim_account",
        "create table snapshot.marts.made (one integer)",
    ],
)
def test_the_database_reaches_no_other_file_and_writes_none(demo: Folder, statement: str) -> None:
    with pytest.raises(duckdb.Error):
        Reports.open(demo.path).live().database.cursor().execute(statement)


def test_with_a_key_every_route_but_health_wants_it(demo: Folder) -> None:
    with TestClient(make_app(demo, key="s3cret-Schlüssel"), BASE) as client:
        told = client.get("/metrics")
        problem_of(told, 401)
        assert told.headers["www-authenticate"] == "Bearer"
        paths = ["/reports", "/anomalies", "/docs", "/openapi.json", "/internal/metrics", "/none"]
        for path in paths:
            problem_of(client.get(path), 401)
            problem_of(client.get(path, headers={"X-API-Key": "s3cret"}), 401)
        problem_of(client.post("/reports", json=ASKED), 401)
        problem_of(client.get("/metrics", headers={"Authorization": "Basic s3cret"}), 401)
        assert client.get("/health").status_code == 200
    with TestClient(make_app(demo, key="s3cret"), BASE) as client:
        for headers in (
            {"X-API-Key": "s3cret"},
            {"Authorization": "Bearer s3cret"},
            {"Authorization": "bearer  s3cret"},
        ):
            assert client.post("/reports", json=ASKED, headers=headers).status_code == 200
        document = client.get("/openapi.json", headers={"X-API-Key": "s3cret"}).json()
        assert document["security"] and not document["paths"]["/health"]["get"]["security"]


def test_beyond_loopback_it_starts_with_a_key_only(folder: Folder) -> None:
    for host in ("0.0.0.0", "192.0.2.1", "::", "example.com", "localhost.example.com"):
        with pytest.raises(UsageError, match="API key"):
            serve(folder, host, 0)
    assert is_loopback("localhost") and is_loopback("127.0.0.9") and is_loopback("::1")


def test_settings_that_make_no_sense_are_refused(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API__SECONDS", "soon")
    with pytest.raises(UsageError, match=r"api\.seconds should be a positive number"):
        serve(folder, "127.0.0.1", 0)
    monkeypatch.setenv("API__KEY", "[1]")
    with pytest.raises(UsageError, match=r"api\.key"):
        serve(folder, "127.0.0.1", 0)


def test_a_strange_host_name_is_refused(client: TestClient, demo: Folder) -> None:
    for name in ("evil.example", "127.0.0.1.evil.example", "", "[::1].evil"):
        problem_of(client.get("/health", headers={"Host": name}), 400)
    for name in ("localhost:8000", "127.0.0.1", "[::1]:8000", "LOCALHOST."):
        assert client.get("/health", headers={"Host": name}).status_code == 200
    assert host_name("[::1]:80") == "::1"
    with TestClient(make_app(demo, hosts=None), BASE) as everywhere:
        assert everywhere.get("/health", headers={"Host": "any.example"}).status_code == 200


def test_before_the_first_publish_it_answers_503(folder: Folder) -> None:
    with TestClient(make_app(folder), BASE) as client:
        for told in (client.get("/health"), client.get("/metrics"), client.get("/anomalies")):
            assert problem_of(told, 503)["code"] == "nothing_published"
        problem_of(client.post("/reports", json=ASKED), 503)


def test_a_publish_is_followed_without_a_restart(demo: Folder, folder: Folder) -> None:
    shutil.copytree(demo.published, folder.published)
    with TestClient(make_app(folder), BASE) as client:
        before = client.post("/reports", json=ASKED)
        pointer = json.loads((folder.published / "CURRENT.json").read_text())
        newer = pointer | {"version": "29991231T000000000000Z", "database": "newer.duckdb"}
        shutil.copy(folder.published / pointer["database"], folder.published / "newer.duckdb")
        with duckdb.connect(str(folder.published / "newer.duckdb")) as database:
            tables = database.execute(
                "select table_name from duckdb_columns() "
                "where schema_name = 'marts' and column_name = 'cost'"
            ).fetchall()
            for (table,) in tables:
                database.execute(f"update marts.{table} set cost = 2 * cost")
        (folder.published / "CURRENT.json").write_text(json.dumps(newer))
        tag = before.headers["etag"]
        after = client.post("/reports", json=ASKED, headers={"If-None-Match": tag})
    assert after.status_code == 200 and after.json()["snapshot"] == newer["version"]
    for old, new in zip(before.json()["data"], after.json()["data"], strict=True):
        assert new["cost"] == pytest.approx(2 * old["cost"]) and new["platform"] == old["platform"]


def slowly(self: Reports, *_: Any, on_cursor: Callable[..., None], **__: Any) -> None:
    """Stand in for a question that takes minutes."""
    cursor = self.live().database.cursor()
    on_cursor(cursor)
    cursor.execute(SLOW).fetchall()


def test_a_query_that_takes_too_long_is_stopped(
    demo: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Reports, "query", slowly)
    limits = Limits(seconds=0.2, workers=1)
    with TestClient(make_app(demo, limits=limits), BASE) as client:
        told = problem_of(client.post("/reports", json=ASKED), 504)
        assert "0.2 seconds" in told["detail"] and told["code"] == "time_limit"
        # Its thread is free again.
        assert client.get("/anomalies?limit=1").status_code == 200
        assert 'stopped_total{why="time"} 1.0' in client.get("/internal/metrics").text


def test_a_query_of_a_client_who_left_is_stopped_and_others_wait_or_are_sent_away(
    demo: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Reports, "query", slowly)
    app = make_app(demo, limits=Limits(seconds=60, workers=1, waiting=1))
    body = json.dumps(ASKED).encode()
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/reports",
        "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/json")],
    }

    async def ask(left: asyncio.Event) -> list[int]:
        sent = False
        statuses = []

        async def receive() -> dict[str, Any]:
            nonlocal sent
            if not sent:
                sent = True
                return {"type": "http.request", "body": body}
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        await app(dict(scope), receive, send)
        return statuses

    async def scene() -> list[list[int]]:
        left = asyncio.Event()
        running = [asyncio.create_task(ask(left))]
        await asyncio.sleep(0.3)
        running.append(asyncio.create_task(ask(left)))
        await asyncio.sleep(0.1)
        too_many = await ask(left)
        left.set()
        return [*await asyncio.wait_for(asyncio.gather(*running), 20), too_many]

    assert asyncio.run(scene()) == [[499], [499], [503]]


def test_logs_are_json_lines_without_secrets(
    demo: Folder, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("a mistake")

    with TestClient(make_app(demo, key="s3cret"), BASE, raise_server_exceptions=False) as client:
        caplog.set_level(logging.INFO, "campaigns.api")
        client.get("/metrics?api_key=s3cret", headers={"X-API-Key": "s3cret", "X-Request-ID": "a"})
        monkeypatch.setattr(Reports, "query", broken)
        told = problem_of(client.post("/reports", json=ASKED, headers={"X-API-Key": "s3cret"}), 500)
        assert "mistake" in told["detail"] and "RuntimeError" not in told["detail"]
    from api.http.edge import JsonLines

    lines = [JsonLines().format(record) for record in caplog.records]
    first, second = (json.loads(line) for line in lines[-2:])
    assert first["request_id"] == "a" and first["status"] == 200 and first["path"] == "/metrics"
    assert second["status"] == 500 and "RuntimeError: a mistake" in second["trace"]
    assert "s3cret" not in "".join(lines)


def test_prometheus_counts_by_route(client: TestClient) -> None:
    client.get("/reports/nothing-of-this-name")
    text = client.get("/internal/metrics").text
    assert 'route="/reports/{name}",status="404"' in text
    assert "nothing-of-this-name" not in text
