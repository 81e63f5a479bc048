"""Meta (Facebook) Ads: the platform's accounts, and what reads one of them.

Campaign and device reports are read page by page (GET insights). The ad report over more than a
week, and whatever the platform finds too much even in small pages, is an asynchronous report run:
that is what Meta offers for large requests. Both end in the same pages.
"""

import hashlib
import hmac
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from ingestion.accounts import AccountsPlatform
from ingestion.answers import field_of, parse, select_rows, structure, tabulate, unknown_keys
from ingestion.contract import Table
from ingestion.facebook_errors import judge
from ingestion.facebook_pages import Pages
from ingestion.facebook_queries import BUDGETS, DEVICES, EDGES, MONEYS, QUESTIONS, Edge
from ingestion.facebook_rows import fields_of, insights_params, split_actions, write_insights
from ingestion.http import (
    Cut,
    Http,
    Patience,
    Problem,
    Secrets,
    TooMuch,
    UnknownField,
    Unreachable,
    backoff,
)
from ingestion.plan import (
    DAY,
    Account,
    Question,
    ids_setting,
    kept_from,
    secret_setting,
    text_setting,
)
from ingestion.spool import EntitySheet, Sheet, Spool, Spooled, check, literal, parquet, require
from ingestion.tokens import FixedToken
from ingestion.units import REPEATS, Reader
from pipeline.errors import UsageError
from pipeline.settings import setting, setting_list

BASE_URL = "https://graph.facebook.com"
VERSION = "v26.0"
GOALS = ["omni_purchase", "purchase", "offsite_conversion.fb_pixel_purchase"]
ASYNC_FROM = 8
REACH_MONTHS = 13
ACCOUNT = {
    "account_id": "account_id",
    "name": "name",
    "currency": "currency",
    "time_zone": "timezone_name",
    "status": "account_status",
}
STATUSES = {
    "1": "ACTIVE",
    "2": "DISABLED",
    "3": "UNSETTLED",
    "7": "PENDING_RISK_REVIEW",
    "8": "PENDING_SETTLEMENT",
    "9": "IN_GRACE_PERIOD",
    "100": "PENDING_CLOSURE",
    "101": "CLOSED",
}


class FacebookAds(AccountsPlatform):
    """Meta Ads; its settings are those of sources.facebook_ads."""

    name = "facebook_ads"
    dataset = "facebook_ads"
    lookback = 28
    questions = QUESTIONS
    entity_tables = (*(edge.table for edge in EDGES), BUDGETS)

    def connect(self, secrets: Secrets) -> None:
        """Take the settings; raises `UsageError` where one is missing."""
        token = secret_setting(self.name, "access_token")
        if not token:
            raise UsageError(
                "SOURCES__FACEBOOK_ADS__ACCESS_TOKEN is not set; docs/facebook_ads.md tells "
                "where to get it"
            )
        secret = secret_setting(self.name, "app_secret")
        proof = hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        self.proof = {"appsecret_proof": proof} if secret else {}
        for one in (token, secret, proof):
            secrets.add(one)
        self.secrets = secrets
        self.token = FixedToken(token)
        version = text_setting(self.name, "api_version", VERSION).strip("v")
        self.version = f"v{version}" if "." in version else f"v{version}.0"
        base = text_setting(self.name, "base_url", BASE_URL).rstrip("/")
        self.base_url = base.removesuffix(f"/{self.version}")
        self.ids = ids_setting(self.name, "account_ids")
        self.device = DEVICES[0]
        # Optional fields, by edge, that this version of the platform does not know.
        self.dropped: dict[str, set[str]] = {}
        self.goals = setting_list(f"sources.{self.name}.conversion_actions") or GOALS
        self.job_start = float(setting(f"sources.{self.name}.job_start_seconds", 120))
        self.job_end = float(setting(f"sources.{self.name}.job_seconds", 1800))

    def configured(self) -> list[str]:
        """List the account ids that the user chose."""
        return self.ids

    def reader(self, account: Account, patience: Patience) -> Reader:
        """Make what reads an account."""
        return FacebookReader(self, account, patience)

    def pages(self, patience: Patience) -> Pages:
        """Make what reads lists."""
        http = Http(self.base_url, self.token, judge, self.secrets, patience)
        return Pages(http, self.version, self.proof, self.job_start, self.job_end)

    def accounts(self, patience: Patience) -> list[Account]:
        """Find the accounts: those chosen, or all that the token reaches."""
        pages = self.pages(patience)
        if not self.ids:
            return sorted(self._reached(pages), key=lambda account: account.id)
        found = []
        for number in self.ids:
            try:
                found.append(_account(self._object(pages, f"act_{number}"), number))
            except Unreachable:
                raise
            except Problem as problem:
                problem.whole = True
                found.append(Account(number, problem=problem))
        return found

    def _reached(self, pages: Pages) -> Iterator[Account]:
        """List the accounts of the token's user."""
        params = {"fields": ",".join(ACCOUNT.values()), "limit": "100"} | self.proof
        url = f"{self.version}/me/adaccounts"
        seen: set[str] = set()
        while url and url not in seen:
            seen.add(url)
            answer = pages.get(url.removeprefix(f"{self.version}/"), params)
            for row in answer.get("data", []):
                yield _account(row, str(row.get("account_id") or row["id"]).removeprefix("act_"))
            following = (answer.get("paging") or {}).get("next")
            url, params = pages.http.pinned(following) if following else "", {}

    def _object(self, pages: Pages, path: str) -> dict[str, Any]:
        """Read an account, by name and status where the platform knows these fields."""
        try:
            return pages.get(path, {"fields": ",".join(ACCOUNT.values())})
        except Problem as problem:
            if problem.whole:
                raise
            return pages.get(path, {"fields": "currency,timezone_name"})


def _account(row: dict[str, Any], number: str) -> Account:
    found = {name: row.get(field) for name, field in ACCOUNT.items()}
    status = found["status"]
    return Account(
        number,
        found["name"],
        found["currency"],
        found["time_zone"],
        None if status is None else STATUSES.get(str(status), str(status)),
    )


class FacebookReader(Reader):
    """Asks for one ad account."""

    def __init__(self, platform: FacebookAds, account: Account, patience: Patience) -> None:
        self.platform = platform
        self.account = account
        self.pages = platform.pages(patience)
        self.http = self.pages.http
        self.notes = []
        self.always_async = False
        # Unique counts are kept for 13 months, everything else longer.
        self.edge = kept_from(account.today(), REACH_MONTHS)

    def read(self, question: Question, since: date, until: date, spool: Spool) -> list[Sheet]:
        """Read a report's days, and from the campaign report those of its actions."""
        sheets = [Sheet(spool, report) for report in question.reports]
        main = sheets[0]
        fields = fields_of(question.name, since >= (self.edge or since))
        breakdown = self.platform.device if question.name == "campaign_device" else None
        params = insights_params(question.name, fields, since, until, breakdown)
        file = spool.file("json")
        large = question.name == "ad" and (until - since) >= (ASYNC_FROM - 1) * DAY
        path = f"act_{self.account.id}/insights"
        try:
            ask = self.pages.run if large or self.always_async else self.pages.read
            try:
                ask(path, params, file)
            except UnknownField as problem:
                if breakdown != DEVICES[0]:
                    raise
                self.platform.device = DEVICES[1]
                self.http.patience.say(f"{self.account.id}: {problem}: asking by {DEVICES[1]}")
                return self.read(question, since, until, spool)
            with spool.parsing, spool.cursor() as database:
                unknown = write_insights(
                    database,
                    file,
                    main.report,
                    fields | ({DEVICES[0]: breakdown} if breakdown else {}),
                    self.account.id,
                    self.platform.goals,
                    main.path,
                )
                if unknown:
                    new = ", ".join(unknown)
                    main.notes.append(f"new fields kept in the column extra: {new}")
                check(database, main, self.account.id, since, until)
                for actions in sheets[1:]:
                    split_actions(database, main.path, actions.report, actions.path)
                    check(database, actions, self.account.id, since, until)
        finally:
            file.unlink(missing_ok=True)
        return sheets

    def smaller(self) -> bool:
        """Halve the pages; where they are small already, ask for report runs."""
        if self.pages.smaller():
            return True
        before, self.always_async = self.always_async, True
        return not before

    def entities(self, spool: Spool) -> Iterator[tuple[Table, Spooled]]:
        """Read campaigns, ad sets and ads as they are now, deleted ones too; budgets from both."""
        failures, budgets = [], []
        for edge in EDGES:
            try:
                sheet = self._edge(edge, spool)
            except Problem as problem:
                if problem.whole:
                    raise
                failures.append(f"{edge.path}: {problem}")
                continue
            if MONEYS[0] in edge.table.schema.names:
                budgets.append(self._budgets(sheet, spool))
            yield edge.table, sheet
        if failures:
            raise Problem("; ".join(failures))
        for sheet in budgets:
            yield BUDGETS, sheet

    def _edge(self, edge: Edge, spool: Spool) -> EntitySheet:
        sheet = EntitySheet(spool, edge.table)
        file = spool.file("json")
        tries = 0
        while True:
            gone = self.platform.dropped.get(edge.path, set())
            fields = {name: field for name, field in edge.fields.items() if name not in gone}
            params = {"fields": ",".join(fields.values())}
            params["effective_status"] = str(list(edge.statuses)).replace("'", '"')
            try:
                self.pages.read(f"act_{self.account.id}/{edge.path}", params, file)
                self._tabulate(edge, fields, file, sheet)
                require(sheet, edge.ids)
                return sheet
            except UnknownField as problem:
                self._drop(edge, fields, problem)
            except TooMuch:
                if not self.pages.smaller():
                    raise
            except Cut as problem:
                tries += 1
                if tries > REPEATS:
                    raise
                self.http.patience.wait(backoff(tries), f"{edge.path}: {problem}")
            finally:
                file.unlink(missing_ok=True)

    def _tabulate(self, edge: Edge, fields: dict[str, str], file: Path, sheet: EntitySheet) -> None:
        unknown = unknown_keys([file], {"data", "id", *fields.values()})
        if unknown:
            self.notes.append(f"{edge.path}: new fields in extra: {', '.join(unknown)}")
        texts = {
            name: field_of(fields[name]) if name in fields else "cast(null as varchar)"
            for name in edge.table.schema.names
            if name not in ("account_id", "extra", "_deleted")
        }
        texts = {"account_id": literal(self.account.id)} | texts
        rows = select_rows("data", structure(fields), bool(unknown))
        with sheet.spool.parsing, sheet.spool.cursor() as database:
            parse(database, file, tabulate(rows, texts, edge.table, sheet.path))

    def _drop(self, edge: Edge, fields: dict[str, str], problem: Problem) -> None:
        """Do without optional fields that the platform does not know."""
        optional = {name for name in edge.optional if name in fields}
        gone = {name for name in optional if fields[name] in str(problem)} or optional
        if not gone:
            raise problem
        missing = ", ".join(sorted(fields[name] for name in gone))
        self.notes.append(f"{edge.path} read without {missing}: the platform does not know them")
        self.http.patience.say(f"{self.account.id}: {self.notes[-1]}")
        self.platform.dropped.setdefault(edge.path, set()).update(gone)

    def _budgets(self, sheet: EntitySheet, spool: Spool) -> EntitySheet:
        """Take the budgets out of campaigns or ad sets."""
        budgets = EntitySheet(spool, BUDGETS)
        names = sheet.table.schema.names
        columns = ", ".join(
            name if name in names else f"cast(null as varchar) as {name}"
            for name in BUDGETS.schema.names
            if name != "_deleted"
        )
        with spool.parsing, spool.cursor() as database:
            database.execute(
                f"copy (select {columns} from {parquet(sheet.path)} "
                f"where coalesce({', '.join(MONEYS)}) is not null) "
                f"to {literal(str(budgets.path))} (format parquet)"
            )
        return budgets
