"""The Google Ads API (REST, v26) of the simulated accounts: token, search, searchStream."""

import base64
import re
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

import orjson

from simulator.control import Control
from simulator.gaql import GaqlError, Query, parse
from simulator.google_errors import Refused, failure, named, oauth_error, parts, quota, refusal
from simulator.google_fields import MACROS, Customer, Options
from simulator.google_rows import Plan
from simulator.portfolio import ACCOUNTS, GOOGLE, MANAGER, SUB_MANAGER, uniform
from simulator.wire import SEPARATOR, Cut, Request, Response, Spool, Spools, answer, blocks
from simulator.world import World

VERSIONS = (23, 24, 25, 26)
TOKEN_SECONDS = 3599
# The user has these three: a client directly, the others through the managers.
ACCESSIBLE = (MANAGER, SUB_MANAGER, ACCOUNTS[0].id)
CLIENTS = {
    MANAGER: (*(a.id for a in ACCOUNTS if a.platform == GOOGLE), SUB_MANAGER),
    SUB_MANAGER: (ACCOUNTS[3].id,),
}


class GoogleAds:
    """Answers the requests to the Google Ads hosts; threads may call at the same time."""

    def __init__(self, world: World, control: Control) -> None:
        self.world, self.control = world, control
        self.spools = Spools()
        self._tokens: dict[str, float] = {}
        self._lock = threading.Lock()
        with world.cursor() as cursor:
            cursor.execute(MACROS)

    def token(self, request: Request) -> Response:
        """Exchange the refresh token for an access token."""
        asked, control = request.params, self.control
        if self.control.faults.take("dead_refresh_token", platform=GOOGLE):
            return oauth_error("invalid_grant", "Token has been expired or revoked.")
        if asked.get("grant_type") != "refresh_token":
            return oauth_error("unsupported_grant_type", "Invalid grant_type")
        client = (asked.get("client_id"), asked.get("client_secret"))
        if client != (control.client_id, control.client_secret):
            return oauth_error("invalid_client", "Unauthorized", 401)
        if asked.get("refresh_token") != control.refresh_token:
            return oauth_error("invalid_grant", "Bad Request")
        token = f"ya29.simulated-{uuid.uuid4().hex}"
        with self._lock:
            self._tokens[token] = time.monotonic() + TOKEN_SECONDS
        return answer(
            {"access_token": token, "expires_in": TOKEN_SECONDS,
             "scope": "https://www.googleapis.com/auth/adwords", "token_type": "Bearer"}
        )  # fmt: skip

    def handle(self, request: Request) -> Response:
        """Answer a request to a path below /vNN."""
        stream = request.path.endswith(":searchStream")
        try:
            return self._route(request, stream)
        except Refused as refused:
            return refused.response
        except GaqlError as error:
            return refusal(400, error.group, error.code, error.message, stream)

    def _route(self, request: Request, stream: bool) -> Response:
        faults = self.control.faults
        match = re.fullmatch(r"/v(\d+)/customers(?:/([^/]+)/googleAds)?:(\w+)", request.path)
        if not match or match[3] not in ("listAccessibleCustomers", "search", "searchStream"):
            return answer(
                {"error": {"code": 404, "message": "Not Found", "status": "NOT_FOUND"}}, 404
            )
        if int(match[1]) not in VERSIONS or faults.take("retired_version", platform=GOOGLE):
            raise Refused(named("UNSUPPORTED_VERSION", stream))
        customer_id = match[2] or ""
        self._check_token(request, customer_id, stream)
        if fault := faults.take("server_500", customer_id, GOOGLE):
            raise Refused(refusal(int(fault.options["status"]), "internalError", "TRANSIENT_ERROR",
                                 "Internal error encountered.", stream))  # fmt: skip
        if match[3] == "listAccessibleCustomers":
            return answer({"resourceNames": [f"customers/{cid}" for cid in ACCESSIBLE]})
        if request.method != "POST":
            return answer(
                {"error": {"code": 404, "message": "Not Found", "status": "NOT_FOUND"}}, 404
            )
        customer = self._customer(request, customer_id, stream)
        if fault := faults.take("quota_429", customer_id, GOOGLE):
            raise Refused(quota(fault.options["delay"], stream))
        body = request.json()
        if not isinstance(body.get("query"), str):
            raise Refused(named("REQUIRED_FIELD_MISSING", stream))
        if "pageSize" in body or "page_size" in body:
            raise Refused(named("PAGE_SIZE_NOT_SUPPORTED", stream))
        query = parse(body["query"])
        plan = Plan(self.world, customer, query, self.control.now, self._options(customer_id))
        note = {"resource": query.resource, "account": customer_id, "query": query.text,
                "segments": plan.segments}  # fmt: skip
        if plan.dates:
            note |= {"since": str(plan.dates[0]), "until": str(plan.dates[1])}
        if body.get("validateOnly"):
            response = answer({})
        elif stream:
            if faults.take("error_on_stream", customer_id, GOOGLE):
                raise Refused(named("INTERNAL_ERROR", stream))
            kind = {"Content-Type": "application/json; charset=UTF-8"}
            response = Response(200, self._stream(plan, customer_id), kind)
        else:
            response = self._page(plan, body, customer_id)
        response.note |= note
        return response

    def _check_token(self, request: Request, customer_id: str, stream: bool) -> None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self.control.faults.take("revoked", customer_id, GOOGLE):
            raise Refused(named("OAUTH_TOKEN_REVOKED", stream))
        with self._lock:
            if token in self._tokens and self.control.faults.take(
                "token_expires", customer_id, GOOGLE
            ):
                self._tokens[token] = 0
            end = self._tokens.get(token)
        if end is None:
            raise Refused(named("OAUTH_TOKEN_INVALID", stream))
        if end < time.monotonic():
            raise Refused(named("OAUTH_TOKEN_EXPIRED", stream))

    def _customer(self, request: Request, customer_id: str, stream: bool) -> Customer:
        """The customer of the path, if the user reaches it by the way that the header names."""
        login = request.headers.get("login-customer-id", "")
        if login and not login.isdigit():
            raise Refused(named("INVALID_LOGIN_CUSTOMER_ID", stream))
        if not customer_id.isdigit():
            raise Refused(named("INVALID_CUSTOMER_ID", stream))
        reached = {customer_id} if not login or login == customer_id else set(_below(login))
        direct = login or customer_id
        if customer_id not in reached or direct not in ACCESSIBLE:
            raise Refused(named("USER_PERMISSION_DENIED", stream))
        faults = self.control.faults
        if faults.take("forbidden_account", customer_id, GOOGLE):
            raise Refused(named("USER_PERMISSION_DENIED", stream))
        if faults.take("disabled_account", customer_id, GOOGLE):
            raise Refused(named("CUSTOMER_NOT_ENABLED", stream))
        if customer_id in CLIENTS:
            return Customer(
                customer_id, None, tuple(self._clients(customer_id)), _name(customer_id)
            )
        return Customer(
            customer_id, self.world.account(customer_id), (self._client(customer_id, 0),)
        )

    def _clients(self, manager: str, level: int = 0) -> Iterator[dict[str, Any]]:
        yield self._client(manager, level)
        for child in CLIENTS.get(manager, ()):
            yield self._client(child, level + 1)

    def _client(self, customer_id: str, level: int) -> dict[str, Any]:
        account = self.world.account(customer_id)
        disabled = self.control.faults.find("disabled_account", customer_id, GOOGLE)
        return {
            "id": customer_id,
            "name": account.name if account else _name(customer_id),
            "currency": account.currency if account else "USD",
            "time_zone": account.time_zone if account else "America/New_York",
            "manager": account is None,
            "level": level,
            "status": "SUSPENDED" if disabled else "ENABLED",
        }

    def _options(self, customer_id: str) -> Options:
        faults = self.control.faults
        missing = faults.take("missing_field", customer_id, GOOGLE)
        return Options(
            unknown_enum=bool(faults.take("unknown_enum", customer_id, GOOGLE)),
            new_field=bool(faults.take("new_field", customer_id, GOOGLE)),
            missing=(missing.options["field"] or "metrics.cost_micros") if missing else "",
            indent=self.control.indent,
        )

    def _blocks(self, plan: Plan) -> Iterator[tuple[int, memoryview, memoryview]]:
        with self.world.cursor() as cursor:
            for sql in plan.sql():
                yield from blocks(cursor, sql, self.control.page_size)

    def _stream(self, plan: Plan, customer_id: str) -> Iterator[bytes]:
        """One JSON array of batches, which may break off."""
        faults = self.control.faults
        cut = faults.take("cut_stream", customer_id, GOOGLE)
        fails = faults.take("error_mid_stream", customer_id, GOOGLE)
        request_id = _request_id(plan.query)
        ending = f'  "fieldMask": "{plan.mask}",\n  "requestId": "{request_id}"'
        rows, before = 0, b""
        for count, _, text in self._blocks(plan):
            if rows:
                yield before + b"\n}\n,\n"
            if fails and rows:
                yield orjson.dumps(
                    failure(*parts("INTERNAL_ERROR"), {}), option=orjson.OPT_INDENT_2
                )
                yield b"\n]"
                return
            yield (b"" if rows else b"[") + b'{\n  "results": [\n'
            rows += count
            if cut:
                yield bytes(text[: max(1, int(len(text) * float(cut.options["share"])) - 7)])
                raise Cut
            yield bytes(text[: -len(SEPARATOR)])
            before = b"\n  ],\n" + ending.encode()
        if not rows:
            if cut:
                yield b'[{\n  "fieldM'
                raise Cut
            yield b"[]" if uniform(request_id) < 0.5 else b"[{\n" + ending.encode() + b"\n}]"
            return
        if fails:
            yield before + b"\n}\n,\n"
            yield orjson.dumps(failure(*parts("INTERNAL_ERROR"), {}), option=orjson.OPT_INDENT_2)
            yield b"\n]"
            return
        yield before + f',\n  "queryResourceConsumption": "{322 + rows // 9}"\n}}\n]'.encode()

    def _page(self, plan: Plan, body: dict[str, Any], customer_id: str) -> Response:
        """One page of at most `page_size` rows."""
        faults, size = self.control.faults, self.control.page_size
        start = 0
        if token := body.get("pageToken"):
            start = self._read_token(str(token), plan.query.text, customer_id)
            if faults.take("page_500", customer_id, GOOGLE):
                raise Refused(named("INTERNAL_ERROR", False))
            if faults.take("page_repeated", customer_id, GOOGLE):
                start = max(0, start - size)
        key = (customer_id, plan.query.text, str(plan.now), plan.options, size)
        spool = self.spools.get(key, lambda: Spool(self._blocks(plan)))
        stop = min(start + size, spool.rows)
        if stop < spool.rows and faults.take("empty_page_with_next", customer_id, GOOGLE):
            stop = start
        settings = body.get("searchSettings") or {}
        head: dict[str, Any] = {}
        if stop < spool.rows:
            head["nextPageToken"] = _make_token(stop, plan.query.text, customer_id)
        if settings.get("returnTotalResultsCount"):
            head["totalResultsCount"] = str(spool.rows)
        head |= {"fieldMask": plan.mask, "queryResourceConsumption": str(322 + spool.rows // 9)}
        end = orjson.dumps(head, option=orjson.OPT_INDENT_2)[1:]
        rows = b"" if settings.get("omitResults") else spool.page(start, stop)
        # Without rows there is no `results` at all.
        results = b'{\n  "results": [\n' + rows + b"\n  ]," if rows else b"{"
        kind = {"Content-Type": "application/json; charset=UTF-8"}
        return Response(200, results + end, kind, {"rows": stop - start, "from_row": start})

    def _read_token(self, token: str, query: str, customer_id: str) -> int:
        try:
            start, made, proof = base64.urlsafe_b64decode(token.encode()).decode().split("|")
        except (ValueError, UnicodeDecodeError) as error:
            raise Refused(named("INVALID_PAGE_TOKEN", False)) from error
        if proof != str(uniform("page", query, customer_id)):
            raise Refused(named("INVALID_PAGE_TOKEN", False))
        old = time.time() - float(made) > self.control.page_token_seconds
        if old or self.control.faults.take("expired_page_token", customer_id, GOOGLE):
            raise Refused(named("EXPIRED_PAGE_TOKEN", False))
        return int(start)


def _make_token(start: int, query: str, customer_id: str) -> str:
    text = f"{start}|{time.time()}|{uniform('page', query, customer_id)}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def _below(manager: str) -> Iterator[str]:
    for child in CLIENTS.get(manager, ()):
        yield child
        yield from _below(child)


def _name(manager: str) -> str:
    return "Tern & Tarn" if manager == MANAGER else "Tern & Tarn Asia"


def _request_id(query: Query) -> str:
    return f"sim{int(uniform('request', query.text) * 1e15):016d}"
