"""The reporting API: routes over the query engine (`campaigns serve`).

It reads the published snapshot and nothing else, and follows each publish. docs/api.md says how it
is used; docs/semantic.md what can be asked.
"""

import asyncio
import ipaddress
import os
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import date
from typing import Annotated, Any

import duckdb
import uvicorn
from fastapi import Body, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Match, Route

from api.definitions import Definition, definition, definitions
from api.engine import Reports
from api.errors import RequestError
from api.http.answers import answer, wish
from api.http.describe import ASKED, EVERYWHERE, Health, Listing, describe, page
from api.http.edge import Figures, Guard, Observed, log_to_stderr
from api.http.listings import AnomalyQuery, InsightQuery, Page, anomalies, insights
from api.http.problems import Refused, documented, problem
from api.http.running import Runner
from api.report import Report
from api.request import Day, ReportRequest, TimeRange
from pipeline.console import say
from pipeline.errors import CampaignsError, UsageError
from pipeline.settings import Folder, setting

LOOPBACK = ("localhost", "127.0.0.1", "::1")
EXAMPLE = {
    "name": "October",
    "time_range": {"start_date": "2026-10-01", "end_date": "2026-10-31"},
    "metrics": [{"name": "cost"}, {"name": "roas"}],
    "dimensions": [{"name": "platform"}],
    "grain": "week",
    "totals": True,
}
NO_OBJECT = ("json_invalid", "model_attributes_type", "missing")
Locale = Annotated[str | None, Query(max_length=40, description="As in de_DE.")]


@dataclass(frozen=True)
class Limits:
    """What one server does at most; the settings `api.<name>`."""

    workers: int = 4 * (os.cpu_count() or 1)  # queries beside each other
    waiting: int = 64  # queries that wait for their turn
    seconds: float = 30.0  # of one query
    rows: int = 100_000  # of one answer
    bytes: int = 256 * 1024  # of one request

    @classmethod
    def from_settings(cls) -> "Limits":
        """Read the settings; raises UsageError for one that is no positive number."""
        given = {}
        for name, default in vars(cls()).items():
            value = setting(f"api.{name}", default)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
                raise UsageError(f"api.{name} should be a positive number, not {value!r}")
            given[name] = type(default)(value)
        return cls(**given)


class NamedReportQuery(Page):
    """Other days, another page or another format than the definition says."""

    since: Annotated[Day | None, Field(description="First day.")] = None
    until: Annotated[Day | None, Field(description="Last day.")] = None
    limit: Annotated[int | None, Field(ge=1, le=100_000_000)] = None


def make_app(
    folder: Folder,
    key: str | None = None,
    hosts: Iterable[str] | None = LOOPBACK,
    limits: Limits | None = None,
    named: dict[str, Definition] | None = None,
) -> FastAPI:
    """Make the application; `hosts` are the names it answers to, None for any.

    Nothing is opened yet: before the first publish, it answers with 503.
    """
    limits = limits or Limits()
    figures = Figures()
    known = definitions() if named is None else named
    reports = Reports(folder.published, limits.rows)
    runner = Runner(figures, limits.workers, limits.waiting, limits.seconds)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        await asyncio.to_thread(_warm, reports)
        yield
        runner.close()

    app = FastAPI(
        title="Campaign Analytics",
        version="0.1.0",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        responses=EVERYWHERE,
    )
    app.openapi = lambda: describe(app, key is not None)
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    app.add_middleware(
        Guard, key=key, hosts=None if hosts is None else frozenset(hosts), most_bytes=limits.bytes
    )
    app.add_middleware(Observed, figures=figures)
    _add_problems(app)

    async def answered(
        request: Request,
        ask: Callable[..., Report],
        identity: dict[str, Any],
        format_name: str | None,
        locale: str | None,
    ) -> Response:
        wanted = wish(request.headers, format_name, locale)
        return await answer(request, runner, lambda: reports.snapshot, ask, identity, wanted)

    @app.post("/reports", responses=ASKED | documented(413), tags=["reports"])
    async def post_report(
        request: Request,
        asked: Annotated[ReportRequest, Body(openapi_examples={"October": {"value": EXAMPLE}})],
        locale: Locale = None,
    ) -> Response:
        """Answer a report: metrics by dimensions, segments and time."""
        return await answered(
            request,
            lambda on_cursor: reports.query(asked, on_cursor=on_cursor),
            asked.model_dump(mode="json", exclude={"format"}),
            asked.format,
            locale,
        )

    @app.get("/reports", tags=["reports"])
    def list_reports() -> Listing:
        """List the named reports of reports.yml."""
        return _listing(reports, ({"name": name} | told(one) for name, one in known.items()))

    @app.get("/reports/{name}", responses=ASKED | documented(404), tags=["reports"])
    async def get_report(
        request: Request, name: str, query: Annotated[NamedReportQuery, Query()]
    ) -> Response:
        """Answer a named report."""
        try:
            found = definition(name, known)
        except RequestError as error:
            return problem(404, str(error), error.code, nearest=error.nearest)

        def ask(on_cursor: Callable[..., None]) -> Report:
            live = reports.live()
            asked = _changed(found.asked(live.last_day, live.catalogue.week_start), query)
            return reports.query(asked, on_cursor=on_cursor)

        negotiated = "accept" in request.headers and request.headers["accept"] != "*/*"
        return await answered(
            request,
            ask,
            {"report": name} | query.model_dump(mode="json", exclude={"format", "locale"}),
            query.format or (None if negotiated else found.format),
            query.locale or found.locale,
        )

    @app.get("/anomalies", responses=ASKED, tags=["findings"])
    async def list_anomalies(request: Request, query: Annotated[AnomalyQuery, Query()]) -> Response:
        """List flagged days of campaigns, the newest and dearest first."""
        return await answered(
            request,
            lambda on_cursor: anomalies(reports, query, on_cursor),
            {"anomalies": query.model_dump(mode="json", exclude={"format", "locale"})},
            query.format,
            query.locale,
        )

    @app.get("/insights", responses=ASKED, tags=["findings"])
    async def list_insights(request: Request, query: Annotated[InsightQuery, Query()]) -> Response:
        """List recommendations, the newest and dearest first."""
        return await answered(
            request,
            lambda on_cursor: insights(reports, query, on_cursor),
            {"insights": query.model_dump(mode="json", exclude={"format", "locale"})},
            query.format,
            query.locale,
        )

    @app.get("/metrics", responses=documented(503), tags=["catalogue"])
    def list_metrics() -> Listing:
        """List the metrics: label, unit, additivity, whether more is better."""
        return _listing(reports, map(asdict, reports.metrics()))

    @app.get("/dimensions", responses=documented(503), tags=["catalogue"])
    def list_dimensions() -> Listing:
        """List the dimensions, and the columns that each brings."""
        return _listing(reports, map(asdict, reports.dimensions()))

    @app.get("/segments", responses=documented(503), tags=["catalogue"])
    def list_segments() -> Listing:
        """List the named segments and what they mean."""
        return _listing(reports, map(asdict, reports.segments()))

    @app.get("/health", responses=documented(503), tags=["server"])
    def health() -> Health:
        """Say which snapshot is live; needs no key."""
        live = reports.live()
        return Health(status="ok", snapshot=live.version, published_at=live.pointer["published_at"])

    @app.get(
        "/internal/metrics",
        tags=["server"],
        response_class=Response,
        responses={200: {"content": {CONTENT_TYPE_LATEST: {"schema": {"type": "string"}}}}},
    )
    def prometheus() -> Response:
        """Give Prometheus its figures; /metrics are the metrics of reports."""
        return Response(generate_latest(figures.registry), media_type=CONTENT_TYPE_LATEST)

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return HTMLResponse(page(app.openapi()))

    return app


def _warm(reports: Reports) -> None:
    """Do what the first request would wait for; DuckDB imports pandas for its first parameter."""
    duckdb.execute("select $one", {"one": 1})
    with suppress(CampaignsError):
        reports.live()


def told(one: Definition) -> dict[str, Any]:
    """Describe a named report."""
    return one.model_dump(mode="json", exclude_defaults=True, by_alias=True)


def _changed(asked: ReportRequest, query: NamedReportQuery) -> ReportRequest:
    days: dict[str, date | None] = {
        "start_date": query.since or asked.time_range.start_date,
        "end_date": query.until or asked.time_range.end_date,
    }
    update: dict[str, Any] = {"time_range": TimeRange(**days), "offset": query.offset}
    return asked.model_copy(update=update | ({"limit": query.limit} if query.limit else {}))


def _listing(reports: Reports, rows: Iterable[dict[str, Any]]) -> Listing:
    data = list(rows)
    return Listing(data=data, row_count=len(data), snapshot=reports.snapshot)


def _add_problems(app: FastAPI) -> None:
    """Answer every failure that has a name with problem+json."""

    @app.exception_handler(RequestError)
    def cannot_be_answered(_: Request, error: RequestError) -> Response:
        return problem(422, error.message, error.code, error.field, error.nearest)

    @app.exception_handler(UsageError)
    def cannot_be_written(_: Request, error: UsageError) -> Response:
        return problem(422, str(error), "invalid_request")

    @app.exception_handler(CampaignsError)
    def nothing_to_read(_: Request, error: CampaignsError) -> Response:
        return problem(503, str(error), "nothing_published")

    @app.exception_handler(Refused)
    def refused(_: Request, error: Refused) -> Response:
        return error.response

    @app.exception_handler(HTTPException)
    def by_status(request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers or {})
        if error.status_code == 405:
            # Starlette names the methods of the first route on the path only.
            there = [
                one
                for one in app.routes
                if isinstance(one, Route) and one.matches(request.scope)[0] != Match.NONE
            ]
            headers["Allow"] = ", ".join(sorted({m for one in there for m in one.methods or ()}))
        return problem(error.status_code, str(error.detail), headers=headers)

    @app.exception_handler(RequestValidationError)
    def malformed(_: Request, error: RequestValidationError) -> Response:
        said, field = [], None
        for one in error.errors()[:5]:
            if one["type"] in NO_OBJECT and len(one["loc"]) <= 2:
                return problem(422, "the body should be a JSON object, sent as application/json")
            where = ".".join(str(part) for part in one["loc"][1:])[:200]
            message = str(one["msg"]).removeprefix("Value error, ")
            said.append(f"{where}: {message}" if where else message)
            field = field or where or None
        return problem(422, "; ".join(said), "invalid_request", field)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server on this address."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def api_key() -> str | None:
    """Read the setting `api.key`; raises UsageError where it is no text."""
    key = setting("api.key")
    if isinstance(key, int) and not isinstance(key, bool):
        key = str(key)
    if key is not None and not isinstance(key, str):
        raise UsageError("api.key should be a text")
    return key or None


def serve(folder: Folder, host: str, port: int) -> None:
    """Serve until it is stopped; raises UsageError where a key is wanted and there is none."""
    key = api_key()
    alone = is_loopback(host)
    if not alone and key is None:
        raise UsageError(
            f"on {host} others could read the data: set an API key (API__KEY), or listen on "
            "127.0.0.1"
        )
    names = setting("api.hosts", [])
    more = [names] if isinstance(names, str) else names
    hosts = [*LOOPBACK, host.strip("[]").lower(), *more] if alone else more or None
    app = make_app(folder, key, hosts, Limits.from_settings())
    log_to_stderr()
    say(f"the reporting API is on http://{host}:{port}, its docs on /docs")
    uvicorn.run(
        app,
        host=host.strip("[]"),
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
    )
