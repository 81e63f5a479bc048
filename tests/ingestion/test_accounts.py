"""The engine of account platforms: which days are asked, and what becomes of them."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from ingestion.accounts import AccountsPlatform
from ingestion.answers import field_of, parse, select_rows, structure, tabulate, unknown_keys
from ingestion.contract import Table, Window
from ingestion.http import Cut, Drifted, Http, Patience, Problem, Refused, Secrets, TooMuch, TooOld
from ingestion.load import Outcome, load
from ingestion.plan import (
    DAY,
    PARTIAL,
    TOO_OLD,
    Account,
    Past,
    Question,
    Report,
    daily,
    days_to_ask,
    halves,
    kept_from,
    split,
)
from ingestion.spool import Sheet, Spool, Spooled, check
from ingestion.stores import StoreHistory, Warehouse
from ingestion.tokens import FixedToken
from ingestion.units import Reader
from pipeline.settings import Folder
from tests.ingestion.accounts_bench import COLLECTORS
from tests.parsed import dbt

TODAY = date(2026, 3, 10)
START, LOOKBACK = date(2026, 3, 1), 3
PATHS = {"account_id": "a", "date": "d", "campaign_id": "c", "impressions": "m.i", "clicks": "m.k"}
REPORT = Report(
    table=daily("campaign", ("campaign_id",), impressions=pa.int64(), clicks=pa.int64()),
    key=("campaign_id",),
    required=("date", "campaign_id"),
    measured=("impressions",),
    zero=("clicks",),
    sums={"impressions": "impressions", "clicks": "clicks"},
)


def test_the_first_run_asks_for_everything_and_the_next_for_the_lookback() -> None:
    window, last = Window(), TODAY - DAY
    assert days_to_ask(TODAY, window, START, LOOKBACK, set()) == (date(2026, 3, 1), last)
    done = {date(2026, 3, 1) + number * DAY for number in range(9)}
    assert days_to_ask(TODAY, window, START, LOOKBACK, done) == (date(2026, 3, 7), last)
    later = TODAY + 5 * DAY
    assert days_to_ask(later, window, START, LOOKBACK, done) == (date(2026, 3, 7), later - DAY)


def test_a_gap_is_asked_again_though_later_days_are_done() -> None:
    done = {date(2026, 3, 1) + number * DAY for number in range(9)} - {date(2026, 3, 5)}
    assert days_to_ask(TODAY, Window(), START, LOOKBACK, done) == (date(2026, 3, 2), TODAY - DAY)


def test_what_the_user_asks_for_is_clamped() -> None:
    far = Window(since=date(2010, 1, 1), until=date(2030, 1, 1))
    assert days_to_ask(TODAY, far, START, LOOKBACK, set()) == (kept_from(TODAY), TODAY)
    assert days_to_ask(TODAY, Window(since=TODAY + DAY), START, LOOKBACK, set()) is None
    full = Window(full_refresh=True)
    assert days_to_ask(TODAY, full, START, LOOKBACK, {TODAY - DAY}) == (
        date(2026, 3, 1),
        TODAY - DAY,
    )


def test_thirty_seven_months_are_kept() -> None:
    assert kept_from(date(2026, 11, 22)) == date(2023, 10, 23)
    assert kept_from(date(2026, 3, 31)) == date(2023, 3, 4)
    assert kept_from(date(2026, 1, 15), 13) == date(2024, 12, 16)


def test_ranges_are_cut() -> None:
    first = date(2026, 1, 1)
    assert list(split(first, first + 4 * DAY, 2)) == [
        (first, first + DAY),
        (first + 2 * DAY, first + 3 * DAY),
        (first + 4 * DAY, first + 4 * DAY),
    ]
    assert halves(first, first + 2 * DAY) == [(first, first + DAY), (first + 2 * DAY,) * 2]
    assert halves(first, first) == [(first, first)]


def test_today_is_the_accounts_own_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CAMPAIGNS_TODAY", raising=False)
    east = Account("1", time_zone="Pacific/Kiritimati").today()
    west = Account("2", time_zone="Pacific/Pago_Pago").today()
    assert east - west in (DAY, 2 * DAY)
    assert Account("3", time_zone="No/Where").today() in (west, east, west + DAY)
    monkeypatch.setenv("CAMPAIGNS_TODAY", "2026-03-10")
    assert Account("1", time_zone="Pacific/Kiritimati").today() == TODAY


class Canned(AccountsPlatform):
    """A platform whose answers are files; `troubles` are raised once each, account by account."""

    name = "canned"
    dataset = "canned"
    lookback = 3
    questions = (Question("campaign", (REPORT,), 30),)
    entity_tables: tuple[Table, ...] = ()

    def __init__(self) -> None:
        self.answers: dict[str, str] = {"1": "[]"}
        self.troubles: dict[str, list[Problem]] = {}
        self.asked: list[tuple[str, date, date]] = []
        self.chosen: list[str] = []
        self.dead: Problem | None = None

    def connect(self, secrets: Secrets) -> None:
        """Nothing to take."""
        self.secrets = secrets

    def configured(self) -> list[str]:
        """Those chosen; none stands for all."""
        return self.chosen

    def accounts(self, patience: Patience) -> list[Account]:
        """One account an answer."""
        del patience
        if self.dead is not None:
            raise self.dead
        return [Account(number, time_zone="UTC", manager_id="9") for number in self.answers]

    def reader(self, account: Account, patience: Patience) -> Reader:
        """Make what reads the answers."""
        return CannedReader(self, account, patience)


class CannedReader(Reader):
    """Reads one canned account."""

    def __init__(self, platform: Canned, account: Account, patience: Patience) -> None:
        self.platform = platform
        self.account = account
        self.notes: list[str] = []
        url = "http://127.0.0.1:9"
        self.http = Http(url, FixedToken("t"), lambda _: None, platform.secrets, patience)

    def read(self, question: Question, since: date, until: date, spool: Spool) -> list[Sheet]:
        """Raise what is due, or read the answer's days."""
        del question
        self.platform.asked.append((self.account.id, since, until))
        troubles = self.platform.troubles.get(self.account.id)
        if troubles:
            raise troubles.pop(0)
        answer = self.platform.answers[self.account.id]
        return [sheet_of(spool, answer, since, until, account="1")]

    def smaller(self) -> bool:
        """Only fewer days help."""
        return False

    def entities(self, spool: Spool) -> Iterator[tuple[Table, Spooled]]:
        """There are none."""
        del spool
        yield from ()


def sheet_of(spool: Spool, answer: str, since: date, until: date, account: str = "1") -> Sheet:
    """Type and check a JSON array of batches."""
    sheet = Sheet(spool, REPORT)
    file = spool.file("json")
    file.write_text(answer)
    extra = bool(unknown_keys([file], {"rows", "a", "d", "c", "m", "i", "k"}))
    rows = select_rows("rows", structure(PATHS), extra)
    texts = {name: field_of(path) for name, path in PATHS.items()}
    with spool.cursor() as database:
        parse(database, file, tabulate(rows, texts, REPORT.table, sheet.path))
        check(database, sheet, account, since, until)
    return sheet


def row(day: str, campaign: str = "7", **more: str) -> str:
    """One row as JSON."""
    counts = {"i": "10", "k": "1"} | more
    measures = ", ".join(f'"{name}": "{value}"' for name, value in counts.items() if value)
    return f'{{"a": "1", "d": "{day}", "c": "{campaign}", "m": {{{measures}}}}}'


def rows(*texts: str) -> str:
    """Make an answer of one batch."""
    return f'[{{"rows": [{", ".join(texts)}]}}]'


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    """A spool of its own."""
    return Spool(tmp_path)


FIRST, LAST = date(2026, 3, 1), date(2026, 3, 9)


def test_rows_are_typed_and_summed_by_day(spool: Spool) -> None:
    answer = rows(row("2026-03-01"), row("2026-03-01", "8", k=""), row("2026-03-02", i="1" * 18))
    sheet = sheet_of(spool, answer, FIRST, LAST)
    assert sheet.days[FIRST].row_count == 2
    assert sheet.days[FIRST].sums == {"impressions": 20, "clicks": 1}
    assert sheet.days[FIRST + DAY].sums["impressions"] == int("1" * 18)
    (batch,) = sheet.batches()
    assert sorted(batch.rows["clicks"].to_pylist()) == [0, 1, 1]
    assert not sheet.path.exists()


@pytest.mark.parametrize("cut", [1, 10, 40, 80])
def test_an_answer_without_its_end_is_not_used(spool: Spool, cut: int) -> None:
    answer = rows(row("2026-03-01"), row("2026-03-02"))
    with pytest.raises(Cut):
        sheet_of(spool, answer[:-cut], FIRST, LAST)


def test_rows_that_came_twice_count_once(spool: Spool) -> None:
    answer = rows(row("2026-03-01"), row("2026-03-01"), row("2026-02-01"))
    sheet = sheet_of(spool, answer, FIRST, LAST)
    assert {day: found.row_count for day, found in sheet.days.items()} == {FIRST: 1}
    assert "2 rows" in sheet.notes[0]
    with pytest.raises(Cut, match="different numbers"):
        sheet_of(spool, rows(row("2026-03-01"), row("2026-03-01", i="11")), FIRST, LAST)


def test_a_missing_field_is_named(spool: Spool) -> None:
    with pytest.raises(Drifted, match="none of 1 rows has impressions"):
        sheet_of(spool, rows(row("2026-03-01", i="")), FIRST, LAST)
    with pytest.raises(Drifted, match="1 of 2 rows lack campaign_id"):
        sheet_of(
            spool, rows(row("2026-03-01"), row("2026-03-02").replace('"c"', '"z"')), FIRST, LAST
        )
    with pytest.raises(Drifted, match="no day"):
        sheet_of(spool, rows(row("March")), FIRST, LAST)
    with pytest.raises(Problem, match="another account"):
        sheet_of(spool, rows(row("2026-03-01")), FIRST, LAST, account="2")


def test_a_number_that_is_none_is_held_back(spool: Spool) -> None:
    sheet = sheet_of(spool, rows(row("2026-03-01", k="many"), row("2026-03-02")), FIRST, LAST)
    assert list(sheet.days) == [FIRST + DAY]
    assert sheet.quarantined[0]["reason"] == "clicks"
    assert "many" in sheet.quarantined[0]["raw_text"]


def test_unknown_keys_are_kept_with_the_row(spool: Spool) -> None:
    sheet = sheet_of(spool, rows(row("2026-03-01", new="5")), FIRST, LAST)
    (batch,) = sheet.batches()
    assert '"new"' in batch.rows["extra"].to_pylist()[0]


class Bench:
    """A canned platform and its warehouse."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.platform = Canned()
        self.said: list[str] = []

    def collect(self, window: Window | None = None) -> Outcome:
        """Load it once more."""
        self.platform.asked.clear()
        return load(self.platform, window or Window(), self.folder.path, self.said.append)

    def query(self, sql: str) -> list[tuple]:
        """Query its dataset."""
        with duckdb.connect(str(self.folder.warehouse), read_only=True) as database:
            database.execute("use raw_canned")
            return database.execute(sql).fetchall()


@pytest.fixture
def bench(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A canned platform that begins on 1 March, nine days before today."""
    monkeypatch.setenv("CAMPAIGNS_TODAY", TODAY.isoformat())
    monkeypatch.setenv("SOURCES__CANNED__START_DATE", "2026-03-01")
    monkeypatch.setattr("ingestion.http.pause", lambda *_: None)
    return Bench(folder)


def test_a_day_that_became_empty_is_emptied(bench: Bench) -> None:
    bench.platform.answers["1"] = rows(row("2026-03-08"), row("2026-03-09"))
    bench.collect()
    assert bench.query("select count(*) from campaign") == [(2,)]
    bench.platform.answers["1"] = rows(row("2026-03-09", k="3"))
    bench.collect()
    assert bench.query("select date, clicks from campaign") == [(LAST, 3)]
    status = "select arg_max(status, read_at) from receipts where date = '2026-03-08'"
    assert bench.query(status) == [("empty",)]
    assert bench.query("select count(*) from receipts where status = 'empty'")[0][0] > 0


def test_one_accounts_trouble_is_its_own(bench: Bench) -> None:
    bench.platform.answers = {"1": rows(row("2026-03-09")), "2": "[]"}
    bench.platform.troubles["2"] = [Refused("no access: ask for it")]
    outcome = bench.collect()
    assert outcome.failures == [("2", "no access: ask for it")] and outcome.units == 1
    told = bench.query("select distinct status, detail from receipts where account_id = '2'")
    assert told == [("forbidden", "no access: ask for it")]
    assert bench.query("select count(*) from receipts where account_id = '2'") == [(9,)]
    assert not bench.collect().failures
    assert ("2", FIRST, LAST) in bench.platform.asked


@pytest.mark.parametrize("chosen", [[], ["1"], ["9"]])
def test_dead_credentials_are_told_of_every_account_that_is_known(
    bench: Bench, chosen: list[str]
) -> None:
    bench.platform.chosen = chosen
    bench.platform.answers["1"] = rows(row("2026-03-09"))
    bench.collect()
    bench.platform.dead = Refused("the token is dead: make a new one")
    outcome = bench.collect()
    assert outcome.failed and [account for account, _ in outcome.failures] == ["1"]
    told = bench.query(
        "select account_id, status, count(*) from receipts where detail is not null group by all"
    )
    assert told == [("1", "forbidden", 3)]
    assert bench.query("select count(*) from campaign") == [(1,)]


def test_dead_credentials_and_nothing_known_is_one_failure(bench: Bench) -> None:
    bench.platform.dead = Refused("the token is dead: make a new one")
    assert bench.collect().failures == [("canned", "the token is dead: make a new one")]


def test_an_account_that_is_out_of_reach_is_forbidden_not_forgotten(bench: Bench) -> None:
    bench.platform.answers = {"1": "[]", "2": "[]"}
    bench.collect()
    del bench.platform.answers["2"]
    outcome = bench.collect()
    assert outcome.units == 1 and outcome.failures[0][0] == "2"
    assert "no longer reachable" in outcome.failures[0][1]


def test_days_are_halved_until_they_fit(bench: Bench) -> None:
    bench.platform.answers["1"] = rows(row("2026-03-09"))
    bench.platform.troubles["1"] = [TooMuch("too much"), TooMuch("too much")]
    assert not bench.collect().failures
    spans = [(until - since).days + 1 for _, since, until in bench.platform.asked]
    assert spans == [9, 5, 3, 2, 4]


def test_an_answer_that_stays_broken_fails_and_is_asked_again(bench: Bench) -> None:
    bench.platform.troubles["1"] = [Cut("cut off") for _ in range(30)]
    outcome = bench.collect()
    assert "cut off" in outcome.failures[0][1]
    assert bench.query("select distinct status from receipts") == [("failed",)]
    bench.platform.troubles.clear()
    assert not bench.collect().failures
    assert bench.platform.asked == [("1", FIRST, LAST)]


def test_an_unexpected_error_is_a_failure_with_a_name(bench: Bench) -> None:
    bench.platform.answers = {"1": "[]", "2": '[{"rows": 5}]'}
    outcome = bench.collect()
    assert [account for account, _ in outcome.failures] == ["2"]
    assert bench.query("select distinct status from receipts where account_id = '2'") == [
        ("failed",)
    ]


def test_days_beyond_what_is_kept_are_not_asked_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__CANNED__START_DATE", "2020-01-01")
    bench.platform.troubles["1"] = [TooOld("37 months")]
    assert not bench.collect().failures
    old = bench.query(f"select max(date), count(*) from receipts where detail = '{TOO_OLD}'")
    assert old[0][1] > 0
    bench.collect()
    assert bench.platform.asked == [("1", TODAY - 4 * DAY + DAY, LAST)]


def test_today_is_marked_partial_and_asked_again(bench: Bench) -> None:
    bench.platform.answers["1"] = rows(row("2026-03-10"))
    bench.collect(Window(until=TODAY))
    assert bench.query("select date from receipts where detail is not null") == [(TODAY,)]
    assert bench.query("select distinct detail from receipts where date = '2026-03-10'") == [
        (PARTIAL,)
    ]
    assert bench.query("select count(*) from campaign") == [(1,)]
    bench.collect()
    assert bench.platform.asked == [("1", TODAY - timedelta(3), LAST)]


def test_what_a_build_makes_of_platforms_never_read_is_no_history(folder: Folder) -> None:
    """It makes their tables, empty and with fewer columns, so that models find them."""
    dbt(folder, "run", "--select", "stg_google_ads__accounts")
    for platform in COLLECTORS:
        history = StoreHistory(Warehouse(folder.warehouse), f"raw_{platform}")
        assert Past.read(history, platform) == Past()
