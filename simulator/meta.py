"""Meta's Marketing API (Graph v26.0) of the simulated accounts: account, insights, edges, runs."""

import hashlib
import hmac
import re
from typing import Any
from urllib.parse import urlencode

import orjson

from simulator.control import Control
from simulator.meta_async import Run, Runs
from simulator.meta_entities import EDGES, HIDDEN, account_object, chosen, objects
from simulator.meta_params import MetaError, Options, json_of, list_of
from simulator.meta_rows import Insights
from simulator.meta_wire import (
    TOKEN_ERRORS,
    cursor_of,
    decode,
    encode,
    limit_of,
    note_of,
    place,
    refusal,
    unknown,
    usage,
)
from simulator.portfolio import ACCOUNTS, META, Account
from simulator.wire import Request, Response, Spool, Spools, answer, blocks
from simulator.world import World

VERSIONS = ("23.0", "24.0", "25.0", "26.0")
OWN = tuple(account for account in ACCOUNTS if account.platform == META)
REDUCE = "Please reduce the amount of data you're asking for, then retry your request"


class Meta:
    """Answers the requests to graph.facebook.com; threads may call at the same time."""

    def __init__(self, world: World, control: Control) -> None:
        self.world, self.control = world, control
        self.spools = Spools()
        self.runs = Runs(control.faults)
        self._limits: dict[str, int] = {}

    def handle(self, request: Request) -> Response:
        """Answer a request to a path below /vNN.0."""
        try:
            response = self._route(request)
        except MetaError as error:
            response = refusal(error)
        response.headers = {"facebook-api-version": "v26.0", "x-fb-trace-id": "simulated",
                            **response.headers}  # fmt: skip
        return response

    def _route(self, request: Request) -> Response:
        match = re.fullmatch(r"/v(\d+\.\d+)/(.+?)/?", request.path)
        if not match or match[1] not in VERSIONS or self._fault("retired_version"):
            raise MetaError(2635, "(#2635) You are calling a deprecated version of the Ads API. "
                            "Please update to the latest version: v26.0.")  # fmt: skip
        params = dict(request.params)
        if request.method == "POST":
            params |= {k: v if isinstance(v, str) else orjson.dumps(v).decode()
                       for k, v in request.json().items()}  # fmt: skip
        node, _, edge = match[2].partition("/")
        if (node, edge) == ("oauth", "access_token"):
            return self._exchange(params)
        token = params.get("access_token") or request.headers.get("authorization", "").removeprefix(
            "Bearer "
        )
        if node == "debug_token":
            return self._debug(params)
        account = self._account_of(node)
        self._check_token(token, params, account.id if account else "")
        if fault := self._fault("server_500", account):
            raise MetaError(2, "An unexpected error has occurred. Please retry your request later.",
                            int(fault.options["status"]), is_transient=True)  # fmt: skip
        if node == "me":
            return self._me(edge, params, request, token)
        if run := self.runs.get(node):
            return self._run(run, edge, params, request, token)
        if account is None:
            raise unknown(node)
        self._check_account(account)
        response = self._of_account(account, node, edge, params, request, token)
        response.note = {"account": account.id, **response.note}
        response.headers = {**usage(account), **response.headers}
        return response

    def _of_account(
        self, account: Account, node: str, edge: str, params: dict[str, str], request: Request,
        token: str,
    ) -> Response:  # fmt: skip
        if edge == "insights":
            insights = self._insights(account, params, node)
            note = note_of(insights)
            if request.method == "POST":
                run = self.runs.start(account, params, insights)
                return Response(200, orjson.dumps({"report_run_id": run.id}), note=note)
            self._check_amount(account, insights, params)
            response = self._page(insights, params, request, token)
            response.note = note | response.note
            return response
        if request.method != "GET":
            raise MetaError(100, "Unsupported post request.", error_subcode=33)
        fields = list_of(params.get("fields", ""))
        if edge in EDGES:
            return self._edge(account, node, EDGES[edge], params, request, token)
        if edge:
            raise MetaError(2500, f"Unknown path components: /{edge}")
        if node.startswith("act_"):
            active = not self.control.faults.find("disabled_account", account.id, META)
            return answer(chosen(account_object(account, active), "account", fields))
        for kind in EDGES.values():
            if found := objects(self.world, account, kind, self.control.now, f"id = '{node}'"):
                return answer(chosen(found[0], kind, fields))
        raise unknown(node)

    def _fault(self, name: str, account: Account | None = None) -> Any:
        return self.control.faults.take(name, account.id if account else "", META)

    def _account_of(self, node: str) -> Account | None:
        """The account that an account, campaign, ad set or ad belongs to."""
        if node.startswith("act_"):
            return next((account for account in OWN if f"act_{account.id}" == node), None)
        if not node.isdigit():
            return None
        with self.world.cursor() as cursor:
            row = cursor.execute(
                "select account_id from campaigns where platform = ? and (id = ? or k in "
                "(select k from ads where id = ? or group_id = ?))", [META, node, node, node]
            ).fetchone()  # fmt: skip
        return self.world.account(row[0]) if row else None

    def _check_token(self, token: str, params: dict[str, str], account_id: str) -> None:
        control = self.control
        if not token:
            raise MetaError(104, "An access token is required to request this resource.")
        kind = "" if token == control.access_token else "invalid"
        if control.faults.take("revoked", account_id, META):
            kind = "revoked"
        elif control.faults.take("token_expires", account_id, META):
            kind = "expired"
        if kind:
            subcode, message = TOKEN_ERRORS[kind]
            raise MetaError(190, message, error_subcode=subcode)
        proof = params.get("appsecret_proof")
        if proof is None and not control.require_proof:
            return
        expected = hmac.new(control.app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        if proof is None:
            raise MetaError(100, "API calls from the server require an appsecret_proof argument")
        if not hmac.compare_digest(proof, expected):
            raise MetaError(100, "Invalid appsecret_proof provided in the API argument")

    def _check_account(self, account: Account) -> None:
        if self._fault("forbidden_account", account):
            raise MetaError(200, "(#200) Ad account owner has NOT grant ads_management or ads_read "
                            "permission", 403)  # fmt: skip
        if self.control.faults.find("disabled_account", account.id, META) and self._fault(
            "disabled_account", account
        ):
            raise MetaError(200, "(#200) The ad account is disabled.", 403)
        if fault := self._fault("throttle_80000", account):
            error = MetaError(int(fault.options["code"]), f"(#{fault.options['code']}) There have "
                              "been too many calls to this ad-account. Wait a bit and try again.",
                              error_subcode=2446079)  # fmt: skip
            error.headers = usage(account, 100, float(fault.options["minutes"]))
            raise error

    def _check_amount(self, account: Account, insights: Insights, params: dict[str, str]) -> None:
        fault = self.control.faults.find("reduce_data", account.id, META)
        if not fault:
            return
        limit, days = limit_of(params), (insights.until - insights.since).days + 1
        if fault.options["days"]:
            much = days > int(fault.options["days"])
        elif fault.options["limit"]:
            much = limit > int(fault.options["limit"])
        else:
            much = limit > fault.memory.setdefault(account.id, limit // 2)
        if much:
            self._fault("reduce_data", account)
            raise MetaError(1, REDUCE, 500)

    def _options(self, account: Account) -> Options:
        missing = self._fault("missing_field", account)
        return Options(
            unknown_enum=bool(self._fault("unknown_enum", account)),
            new_field=bool(self._fault("new_field", account)),
            missing=(missing.options["field"] or "spend") if missing else "",
            new_action_type=bool(self._fault("new_action_type", account)),
        )

    def _insights(self, account: Account, params: dict[str, str], node: str) -> Insights:
        within = ""
        if node.isdigit():
            own = params.get("level")
            within = f"c.id = '{node}'"
            for column, kind in (("a.group_id", "adset"), ("a.id", "ad")):
                with self.world.cursor() as cursor:
                    sql = f"select 1 from ads as a where {column} = ? limit 1"
                    if cursor.execute(sql, [node]).fetchone():
                        within, own = f"{column} = '{node}'", own or kind
            params = {**params, "level": own or "campaign"}
        return Insights(
            self.world, account, params, self.control.now, self._options(account), within
        )

    def _page(
        self, insights: Insights, params: dict[str, str], request: Request, token: str
    ) -> Response:
        """A page of rows; `after` is the number of the last row of the page before."""
        account, limit = insights.account, limit_of(params)
        spool = self.spools.get(insights.key, lambda: Spool(self._blocks(insights)))
        start = place(params["after"]) + 1 if params.get("after") else 0
        if start:
            if self._fault("page_500", account):
                raise MetaError(2, "An unexpected error has occurred.", 500, is_transient=True)
            if start >= spool.rows or start < 1:
                if not self._fault("last_page_cursor", account):
                    raise MetaError(2642, "(#2642) Invalid cursors values")
                start = max(0, spool.rows - limit)
            if self._fault("page_repeated", account):
                start = max(0, start - limit)
        stop = min(start + limit, spool.rows)
        rest = stop < spool.rows
        if rest and self._fault("empty_page_with_next", account):
            stop = start
        paging: dict[str, Any] = {}
        if spool.rows:
            paging["cursors"] = {"before": cursor_of(start), "after": cursor_of(stop - 1)}
        if rest:
            paging["next"] = self._next(params, request, token, cursor_of(stop - 1), limit, account)
        body = b'{"data":[' + spool.page(start, stop) + b"]"
        if paging:
            body += b',"paging":' + orjson.dumps(paging)
        return Response(200, body + b"}", note={"rows": stop - start, "from_row": start})

    def _blocks(self, insights: Insights) -> Any:
        with self.world.cursor() as cursor:
            for sql in insights.sql():
                yield from blocks(cursor, sql, 10_000)

    def _next(
        self, params: dict[str, str], request: Request, token: str, after: str, limit: int,
        account: Account | None,
    ) -> str:  # fmt: skip
        """The full URL of the next page, with the token and the limit in it."""
        host = request.host
        if fault := self._fault("evil_next", account):
            host = fault.options["host"]
        query = {**params, "access_token": token, "limit": str(limit), "after": after}
        query.pop("appsecret_proof", None)
        return f"http://{host}{request.path}?{urlencode(query)}"

    def _run(
        self, run: Run, edge: str, params: dict[str, str], request: Request, token: str
    ) -> Response:
        self._check_account(run.account)
        note = {"account": run.account.id, "run": run.id}
        if edge == "insights":
            self.runs.check_readable(run)
            self._check_amount_of_page(run, params)
            response = self._page(run.insights, params, request, token)
            response.note |= note
        else:
            response = answer(self.runs.poll(run))
            response.note = {**note, "polled": run.polls}
        response.headers = usage(run.account)
        return response

    def _check_amount_of_page(self, run: Run, params: dict[str, str]) -> None:
        """A run reads any range; only pages may be too large."""
        fault = self.control.faults.find("reduce_data", run.account.id, META)
        if fault and not fault.options["days"]:
            self._check_amount(run.account, run.insights, params)

    def _edge(
        self, account: Account, node: str, kind: str, params: dict[str, str], request: Request,
        token: str,
    ) -> Response:  # fmt: skip
        fields = list_of(params.get("fields", ""))
        wanted = list_of(params.get("effective_status", ""))
        for item in json_of(params.get("filtering"), []):
            if str(item.get("field", "")).endswith("effective_status"):
                wanted += [str(status) for status in item["value"]]
        condition = "" if node.startswith("act_") else (
            f"campaign_id = '{node}'" + (f" or adset_id = '{node}'" if kind == "ad" else "")
        )  # fmt: skip
        found = [
            chosen(item, kind, fields)
            for item in objects(self.world, account, kind, self.control.now, condition)
            if (item["effective_status"] in wanted if wanted else
                item["effective_status"] not in HIDDEN)
        ]  # fmt: skip
        return self._list_page(found, account, params, request, token, f"{kind}s")

    def _list_page(
        self, found: list[dict[str, Any]], account: Account | None, params: dict[str, str],
        request: Request, token: str, what: str,
    ) -> Response:  # fmt: skip
        """A page of objects, with opaque cursors."""
        limit, start = limit_of(params), 0
        if params.get("after"):
            text = decode(params["after"]).removeprefix(f"{what}:")
            if not text.isdigit() or int(text) >= len(found):
                raise MetaError(2642, "(#2642) Invalid cursors values")
            start = int(text)
        stop = min(start + limit, len(found))
        rest = stop < len(found)
        if rest and self._fault("empty_page_with_next", account):
            stop = start
        content: dict[str, Any] = {"data": found[start:stop]}
        if found:
            after = encode(f"{what}:{stop}")
            paging: dict[str, Any] = {
                "cursors": {"before": encode(f"{what}:{start}"), "after": after}
            }
            if rest:
                paging["next"] = self._next(params, request, token, after, limit, account)
            content["paging"] = paging
        return Response(200, orjson.dumps(content), note={"edge": what, "rows": stop - start})

    def _me(self, edge: str, params: dict[str, str], request: Request, token: str) -> Response:
        if not edge:
            return answer({"name": "Simulated User", "id": "1018273645546372"})
        if edge != "adaccounts":
            raise MetaError(2500, f"Unknown path components: /{edge}")
        fields = list_of(params.get("fields", ""))
        faults = self.control.faults
        found = [
            chosen(account_object(a, not faults.find("disabled_account", a.id, META)), "account",
                   ["account_id", *fields])
            for a in OWN
        ]  # fmt: skip
        return self._list_page(found, None, params, request, token, "adaccounts")

    def _exchange(self, params: dict[str, str]) -> Response:
        if params.get("client_secret") != self.control.app_secret:
            raise MetaError(1, "Error validating client secret.")
        return answer({"access_token": self.control.access_token, "token_type": "bearer"})

    def _debug(self, params: dict[str, str]) -> Response:
        valid = params.get("input_token") == self.control.access_token
        data = {"is_valid": valid, "expires_at": 0, "scopes": ["ads_read"], "type": "SYSTEM_USER"}
        return answer({"data": data})
