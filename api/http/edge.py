"""The outer shell: request ids, logs, figures for Prometheus, host names, keys and body sizes."""

import hmac
import json
import logging
import re
import secrets
import sys
import time
from datetime import UTC, datetime
from hashlib import sha256

from fastapi import HTTPException
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.problems import problem

LOGGER = logging.getLogger("campaigns.api")
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
HOST = re.compile(r"(\[(?P<six>[0-9a-f:.]+)\]|(?P<name>[^:\[\]]*))(:\d*)?")
OPEN = ("/health",)
SAFE = {
    b"x-content-type-options": b"nosniff",
    b"content-security-policy": b"default-src 'none'; style-src 'unsafe-inline'; "
    b"frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    b"referrer-policy": b"no-referrer",
}


class Figures:
    """What Prometheus is told."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "campaigns_api_requests_total",
            "Requests by route and status.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "campaigns_api_request_seconds",
            "Seconds from a request's first byte to its answer's last.",
            ["route"],
            registry=self.registry,
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
        )
        self.running = Gauge(
            "campaigns_api_requests_running", "Requests being answered.", registry=self.registry
        )
        self.stopped = Counter(
            "campaigns_api_queries_stopped_total",
            "Queries that were stopped, by why.",
            ["why"],
            registry=self.registry,
        )


class Observed:
    """Gives each request an id, logs it, counts it, and answers what nobody caught with 500."""

    def __init__(self, app: ASGIApp, figures: Figures) -> None:
        self.app = app
        self.figures = figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and watch its answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        status, size, failure = 0, 0, None
        begun = time.perf_counter()

        async def sending(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                for name, value in SAFE.items():
                    headers.setdefault(name.decode(), value.decode())
            elif message["type"] == "http.response.body":
                size += len(message.get("body", b""))
            await send(message)

        self.figures.running.inc()
        try:
            await self.app(scope, receive, sending)
        except Exception as error:
            failure = error
            if status:
                raise
            answer = problem(500, f"this is a mistake of the server; its log has {request_id}")
            await answer(scope, receive, sending)
        finally:
            self.figures.running.dec()
            seconds = time.perf_counter() - begun
            route = getattr(scope.get("route"), "path", "none")
            method = scope["method"] if scope["method"] in ("GET", "POST") else "other"
            self.figures.requests.labels(method, route, status).inc()
            self.figures.seconds.labels(route).observe(seconds)
            LOGGER.log(
                logging.ERROR if failure else logging.INFO,
                "request",
                exc_info=failure,
                extra={
                    "fields": {
                        "request_id": request_id,
                        "method": method,
                        # Neither query nor headers: people put secrets there.
                        "path": scope["path"][:200],
                        "status": status,
                        "ms": round(1000 * seconds, 1),
                        "bytes": size,
                        "client": (scope.get("client") or ("",))[0],
                    }
                    | scope.get("state", {}).get("log", {})
                },
            )


class Guard:
    """Refuses strange host names, missing keys and large bodies before anything reads them."""

    def __init__(
        self, app: ASGIApp, key: str | None, hosts: frozenset[str] | None, most_bytes: int
    ) -> None:
        self.app = app
        self.key = sha256(key.encode()).digest() if key else b""
        self.hosts = hosts
        self.most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with what is wrong with it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        answer = None
        if self.hosts is not None and host_name(headers.get("host", "")) not in self.hosts:
            # A page elsewhere that lets its name point at this machine is sent away.
            answer = problem(400, "this host name is none of the server's", "unknown_host")
        elif self.key and scope["path"] not in OPEN and not self._has_key(headers):
            answer = problem(
                401,
                "an API key is wanted, as `Authorization: Bearer …` or `X-API-Key: …`",
                headers={"WWW-Authenticate": "Bearer"},
            )
        elif (length := headers.get("content-length", "0")).isdecimal() and (
            int(length[:20]) > self.most_bytes
        ):
            answer = problem(413, self._too_large())
        if answer is not None:
            await answer(scope, receive, send)
            return
        read = 0

        async def receiving() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self.most_bytes:
                raise HTTPException(413, self._too_large())
            return message

        await self.app(scope, receiving, send)

    def _has_key(self, headers: Headers) -> bool:
        bearer = headers.get("authorization", "")
        given = headers.get("x-api-key") or (
            bearer[7:].strip() if bearer[:7].lower() == "bearer " else ""
        )
        # Digests are of one length, so that the time tells nothing about the key.
        told = sha256(given.encode("latin-1", "replace")).digest()
        return hmac.compare_digest(told, self.key)

    def _too_large(self) -> str:
        return f"a request may have {self.most_bytes:,} bytes"


def host_name(header: str) -> str:
    """Give the name or address of a Host header without its port; nothing where it has none."""
    found = HOST.fullmatch(header.strip().lower())
    return (found["six"] or found["name"]).rstrip(".") if found else ""


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Write time, level, event, its fields and the trace of what failed."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        } | getattr(record, "fields", {})
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def log_to_stderr() -> None:
    """Send the server's logs to stderr as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    for name in ("campaigns.api", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.addHandler(handler)
        logger.propagate = False
        logger.setLevel(logging.INFO)
