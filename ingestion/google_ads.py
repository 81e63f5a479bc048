"""Google Ads over REST: what the platform calls things, and what its answers mean.

Reports and entities come from googleAds:searchStream: one operation of the quota each, the body
one JSON array of batches. It goes to a file and is used only if it is whole.
"""

import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from ingestion.accounts import AccountsPlatform
from ingestion.answers import (
    ends,
    field_of,
    parse,
    select_rows,
    select_text,
    structure,
    tabulate,
    unknown_keys,
)
from ingestion.contract import Table
from ingestion.google_errors import judge, verdict_of
from ingestion.google_queries import CLIENTS, CUSTOMER, ENTITIES, QUERIES, REPORTS, Query, camel
from ingestion.http import (
    Cut,
    Exhausted,
    Http,
    Patience,
    Problem,
    Secrets,
    UnknownField,
    Unreachable,
    backoff,
)
from ingestion.plan import Account, Question, ids_setting, secret_setting, text_setting
from ingestion.spool import EntitySheet, Sheet, Spool, Spooled, check, literal, require
from ingestion.tokens import RefreshedToken
from ingestion.units import REPEATS, Reader
from pipeline.errors import UsageError

BASE_URL = "https://googleads.googleapis.com"
TOKEN_URL = "https://oauth2.googleapis.com/token"
VERSION = "v26"
STEP = 92

ENVELOPE = {
    "results",
    "fieldMask",
    "requestId",
    "queryResourceConsumption",
    "summaryRow",
    "resourceName",
    "totalResultsCount",
    "nextPageToken",
}


class GoogleAds(AccountsPlatform):
    """Google Ads; its settings are those of sources.google_ads."""

    name = "google_ads"
    dataset = "google_ads"
    lookback = 30
    questions = tuple(Question(report.name, (report,), STEP) for report, _ in REPORTS)
    entity_tables = tuple(table for table, _ in ENTITIES)

    def connect(self, secrets: Secrets) -> None:
        """Take the settings; raises `UsageError` where one is missing."""
        form = {"grant_type": "refresh_token"}
        for key in ("client_id", "client_secret", "refresh_token"):
            form[key] = secret_setting(self.name, key)
            if not form[key]:
                name = f"SOURCES__GOOGLE_ADS__{key.upper()}"
                raise UsageError(f"{name} is not set; docs/google_ads.md tells where to get it")
        secrets.add(form["client_secret"])
        secrets.add(form["refresh_token"])
        self.secrets = secrets
        self.version = (
            "v" + text_setting(self.name, "api_version", VERSION).strip("v").split(".")[0]
        )
        base = text_setting(self.name, "base_url", BASE_URL).rstrip("/")
        self.base_url = base.removesuffix(f"/{self.version}")
        url = text_setting(self.name, "token_url", TOKEN_URL)
        self.token = RefreshedToken(url, form, secrets)
        self.login = (ids_setting(self.name, "login_customer_id") or [None])[0]
        self.ids = ids_setting(self.name, "customer_ids")
        # Optional fields, by resource, that this version of the platform does not know.
        self.dropped: dict[str, set[str]] = {}

    def configured(self) -> list[str]:
        """List the customer ids that the user chose."""
        return self.ids

    def reader(self, account: Account, patience: Patience) -> Reader:
        """Make what reads an account."""
        return GoogleReader(self, account.id, account.manager_id, patience)

    def accounts(self, patience: Patience) -> list[Account]:
        """Find the accounts: those chosen, or all that can be reached; managers are expanded."""
        found: dict[str, Account] = {}
        managers: set[str] = set()
        for root in self.ids or self._roots(patience):
            if root in found or root in managers:
                continue
            try:
                for account, manager in self._below(root, patience):
                    if manager:
                        managers.add(account.id)
                    else:
                        found.setdefault(account.id, account)
            except Problem as problem:
                if self.token.dead is not None or isinstance(problem, Unreachable):
                    raise
                problem.whole = True
                found[root] = Account(root, manager_id=self.login, problem=problem)
        return [found[number] for number in sorted(found)]

    def _roots(self, patience: Patience) -> list[str]:
        """List what the credentials reach directly; the login manager comes first."""
        http = Http(self.base_url, self.token, judge, self.secrets, patience)
        answer = http.call("GET", f"{self.version}/customers:listAccessibleCustomers")
        names = orjson.loads(answer.body).get("resourceNames", [])
        roots = sorted(name.rsplit("/", 1)[-1] for name in names)
        return list(dict.fromkeys([*([self.login] if self.login else []), *roots]))

    def _below(self, root: str, patience: Patience) -> Iterator[tuple[Account, bool]]:
        """Describe a customer, or a manager and everyone below it."""
        login = self.login if self.ids or root == self.login else None
        reader = GoogleReader(self, root, login, patience)
        rows = reader.small(CUSTOMER)
        row = rows[0] if rows else {"id": root}
        if row.get("manager") is False or row.get("manager") == "false":
            yield _account(row, root, login), False
            return
        below = GoogleReader(self, root, login or root, patience)
        try:
            clients = below.small(CLIENTS)
        except Problem as problem:
            # Some clients refuse the question that only a manager can answer.
            passing = isinstance(problem, (Exhausted, Unreachable))
            if passing or row.get("manager") or self.token.dead is not None:
                raise
            clients = []
        if not clients:
            yield _account(row, root, login), bool(row.get("manager"))
            return
        for client in clients:
            number = str(client.get("id") or str(client.get("client")).rsplit("/", 1)[-1])
            alone = number == root and not client.get("manager")
            yield (
                _account(client, number, login if alone else below.login),
                bool(client.get("manager")),
            )


def _account(row: dict[str, Any], number: str, login: str | None) -> Account:
    return Account(
        number,
        row.get("name"),
        row.get("currency"),
        row.get("time_zone"),
        row.get("status"),
        login,
    )


class GoogleReader(Reader):
    """Asks for one customer, by way of the manager `login` where there is one."""

    def __init__(
        self, platform: GoogleAds, customer: str, login: str | None, patience: Patience
    ) -> None:
        self.platform = platform
        self.customer = customer
        self.login = login
        self.notes = []
        self.http = Http(platform.base_url, platform.token, judge, platform.secrets, patience)

    def read(self, question: Question, since: date, until: date, spool: Spool) -> list[Sheet]:
        """Read a report's days through one searchStream."""
        report = question.reports[0]
        sheet = Sheet(spool, report)
        with self._answer(QUERIES[report.name], spool, since, until) as (path, query):
            unknown = self._tabulate(path, query, report.table, sheet)
        if unknown:
            sheet.notes.append(f"new fields kept in the column extra: {', '.join(unknown)}")
        with spool.parsing, spool.cursor() as database:
            check(database, sheet, self.customer, since, until)
        return [sheet]

    def smaller(self) -> bool:
        """A stream has no pages: only fewer days make it smaller."""
        return False

    def entities(self, spool: Spool) -> Iterator[tuple[Table, Spooled]]:
        """Read campaigns, ad groups, ads and budgets as they are now, removed ones included."""
        failures = []
        for table, query in ENTITIES:
            try:
                yield table, self._entity(table, query, spool)
            except Problem as problem:
                if problem.whole:
                    raise
                if table.name == "budgets" and isinstance(problem, UnknownField):
                    self.notes.append(f"no budgets: {problem}")
                else:
                    failures.append(f"{table.name}: {problem}")
        if failures:
            raise Problem("; ".join(failures))

    def small(self, query: Query) -> list[dict[str, Any]]:
        """Read a short answer: one dict a row, by the query's columns."""
        query = self._known(query)
        try:
            answer = self.http.call("POST", self._path(), **self._request(query.text()))
        except UnknownField as problem:
            self._drop(query, problem)
            return self.small(query)
        content = orjson.loads(answer.body or b"[]")
        batches = content if isinstance(content, list) else [content]
        return [
            {name: _dig(row, camel(path)) for name, path in query.fields.items()}
            for batch in batches
            for row in batch.get("results", [])
        ]

    def _entity(self, table: Table, query: Query, spool: Spool) -> EntitySheet:
        sheet = EntitySheet(spool, table)
        for attempt in range(REPEATS + 1):
            try:
                with self._answer(query, spool) as (path, known):
                    unknown = self._tabulate(path, known, table, sheet)
                break
            except Cut as problem:
                if attempt == REPEATS:
                    raise
                self.http.patience.wait(backoff(attempt + 1), f"{table.name}: {problem}")
        if unknown:
            self.notes.append(f"{table.name}: new fields in extra: {', '.join(unknown)}")
        require(sheet, [name for name in query.fields if name.endswith("_id")])
        return sheet

    @contextmanager
    def _answer(
        self, query: Query, spool: Spool, since: date | None = None, until: date | None = None
    ) -> Generator[tuple[Path, Query]]:
        """Bring a whole answer into a file that lives as long as the context."""
        path = spool.file("json")
        query = self._known(query)
        try:
            try:
                self.http.call(
                    "POST", self._path(), into=path, **self._request(query.text(since, until))
                )
            except UnknownField as problem:
                self._drop(query, problem)
                with self._answer(query, spool, since, until) as answer:
                    yield answer
                return
            self._settle(path, spool)
            yield path, query
        finally:
            path.unlink(missing_ok=True)

    def _settle(self, path: Path, spool: Spool) -> None:
        """See that an answer has its end, and that no error stands in it."""
        head, tail = ends(path)
        if (head[:1], tail[-1:]) not in ((b"[", b"]"), (b"{", b"}")):
            raise Cut("the answer ends before its end")
        if not ERROR.search(tail):
            return
        with spool.parsing, spool.cursor() as database:
            found = parse(database, path, select_text("error")).fetchall()
        for (text,) in found:
            verdict = verdict_of(200, {}, orjson.loads(text))
            if verdict.kind == "raise" or (verdict.kind == "renew" and not self.http.renew()):
                self.http.give_up(verdict)
            if verdict.wait:
                self.http.patience.wait(verdict.wait, self.http.clean(verdict.detail))
            raise Cut(f"an error in the stream: {self.http.clean(verdict.detail)}")

    def _tabulate(
        self, path: Path, query: Query, table: Table, sheet: Sheet | EntitySheet
    ) -> list[str]:
        """Type an answer's rows into a Parquet file; returns the keys that nobody asked for."""
        paths = {name: camel(path) for name, path in query.fields.items()}
        known = ENVELOPE | {part for field in paths.values() for part in field.split(".")}
        unknown = unknown_keys([path], known)
        texts = {
            name: field_of(paths[name]) if name in paths else "cast(null as varchar)"
            for name in table.schema.names
            if name not in ("extra", "_deleted")
        }
        own = literal(self.customer)
        texts["account_id"] = f"coalesce({texts['account_id']}, {own})"
        rows = select_rows("results", structure(paths), bool(unknown))
        with sheet.spool.parsing, sheet.spool.cursor() as database:
            parse(database, path, tabulate(rows, texts, table, sheet.path))
        return unknown

    def _path(self) -> str:
        return f"{self.platform.version}/customers/{self.customer}/googleAds:searchStream"

    def _request(self, text: str) -> dict[str, Any]:
        headers = {"login-customer-id": self.login} if self.login else {}
        return {"json": {"query": text}, "headers": headers}

    def _known(self, query: Query) -> Query:
        return query.without(self.platform.dropped.get(query.resource, set()))

    def _drop(self, query: Query, problem: UnknownField) -> None:
        """Do without optional fields that the platform does not know; else say which is missing."""
        named = {name for name in query.optional if query.fields[name] in str(problem)}
        gone = named or set(query.optional)
        if not gone:
            raise problem
        self.platform.dropped.setdefault(query.resource, set()).update(gone)
        fields = ", ".join(sorted(query.fields[name] for name in gone))
        self.notes.append(f"read without {fields}: the platform does not know them")
        self.http.patience.say(f"{self.customer}: {self.notes[-1]}")


ERROR = re.compile(rb'"error"\s*:')


def _dig(row: dict[str, Any], path: str) -> Any:
    value: Any = row
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value
