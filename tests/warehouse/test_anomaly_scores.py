"""The anomaly macros on series made by hand and by chance: what they say and may read."""

import random
from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from scorecard.rules import compiled

Row = tuple[Any, ...]
CALLS = {
    kind: f"anomaly_scores('series', ['entity'], 'moment', 'value', '{kind}', '{season}')"
    for kind, season in (("count", "day_of_week"), ("spend", "day_of_week"), ("price", "none"))
}
CALLS |= {
    "hourly": "anomaly_scores('series', 'entity', 'moment', 'value', 'price', 'hour_of_day')",
    "rate": "rate_anomaly_scores('rates', ['entity'], 'moment', 'events', 'trials')",
    "one series": "anomaly_scores('series', [], 'moment', 'value', 'count', 'none')",
    "odd names": "anomaly_scores('odd', ['Campaign Id', 'order'], 'date', 'value (USD)', 'spend', "
    "'day_of_week')",
    "calendar": "anomaly_scores('series', ['entity'], 'moment', 'value', 'count', 'day_of_week', "
    "'calendar', ['date_day', 'entity'])",
}
FIRST = date(2026, 1, 5)
COLUMNS = ("entity", "moment", "value", "expected", "lower", "upper", "z_score", "is_anomaly",
           "anomaly_kind", "smallest_visible_change", "verdict")  # fmt: skip


@pytest.fixture(scope="module")
def rules() -> dict[str, str]:
    return dict(zip(CALLS, compiled(list(CALLS.values())), strict=True))


def score(
    sql: str, rows: list[Row], table: str = "series", calendar: list[Row] | None = None
) -> list[dict[str, Any]]:
    """Rows (entity, at, value) or (entity, at, events, trials); a day is a number from FIRST."""
    columns = "events double, trials double" if table == "rates" else "value double"
    with duckdb.connect() as database:
        hourly = any(isinstance(row[1], datetime) for row in rows)
        kind = "timestamp" if hourly else "date"
        database.execute(f"create table {table} (entity varchar, moment {kind}, {columns})")
        database.execute("create table calendar (date_day date, entity varchar)")
        insert(database, table, rows)
        if calendar:
            database.executemany("insert into calendar values (?, ?)", calendar)
        done = database.execute(f"select * from ({sql}) as scored order by entity, moment")
        names = [column[0] for column in done.description]
        assert tuple(names) == COLUMNS
        return [dict(zip(names, row, strict=True)) for row in done.fetchall()]


def insert(database: duckdb.DuckDBPyConnection, table: str, rows: list[Row]) -> None:
    columns = {f"c{n}": column for n, column in enumerate(zip(*rows, strict=True))}
    database.register("loading", pa.table(columns))
    database.execute(f"insert into {table} from loading")


def days(values: list[float | None], entity: str = "a") -> list[Row]:
    return [(entity, FIRST + timedelta(n), value) for n, value in enumerate(values)]


def noise(seed: int, length: int, mean: float = 200.0) -> list[float | None]:
    draw = random.Random(seed)
    return [float(max(0, round(draw.gauss(mean, mean**0.5)))) for _ in range(length)]


def some(seed: int, kind: str, length: int) -> list[Row]:
    """Three series of other volume, with holes, a spike and a stop."""
    rows: list[Row] = []
    for entity, mean in (("a", 300.0), ("b", 2.0), ("c", 40_000.0)):
        values = noise(seed + len(rows), length, mean)
        values[length // 2] = mean * 6
        values[length // 2 + 9 : length // 2 + 12] = [0.0] * 3
        values[length // 3] = None
        if kind == "hourly":
            start = datetime(2026, 1, 5)
            rows += [(entity, start + timedelta(hours=n), v) for n, v in enumerate(values)]
        elif kind == "rate":
            rows += [(*day, mean * 20) for day in days(values, entity)]
        else:
            rows += days(values, entity)
    return rows


@pytest.mark.parametrize("kind", ["count", "spend", "price", "hourly", "rate"])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_score_reads_neither_the_future_nor_order_nor_others(
    rules: dict[str, str], kind: str, seed: int
) -> None:
    """To the last bit: of the whole, in another order, cut at a day, and each series alone."""
    table = "rates" if kind == "rate" else "series"
    rows = some(seed, kind, 130 if kind != "hourly" else 400)
    whole = score(rules[kind], rows, table)
    shuffled = rows[:]
    random.Random(seed).shuffle(shuffled)
    assert score(rules[kind], shuffled, table) == whole
    assert any(row["is_anomaly"] for row in whole)
    for share in (0.45, 0.55, 0.8):
        cut = sorted({row[1] for row in rows})[int(len(rows) / 3 * share)]
        early = score(rules[kind], [row for row in rows if row[1] <= cut], table)
        assert early == [row for row in whole if row["moment"] <= cut]
    for entity in "abc":
        alone = score(rules[kind], [row for row in rows if row[0] == entity], table)
        assert alone == [row for row in whole if row["entity"] == entity]


@pytest.mark.parametrize("kind", ["count", "spend", "price"])
def test_equal_days_expect_the_same_and_the_day_is_not_its_own_judge(
    rules: dict[str, str], kind: str
) -> None:
    for last, told in ((100.0, None), (400.0, "spike"), (0.0, "drop")):
        row = score(rules[kind], days([100.0] * 40 + [last]))[-1]
        assert row["expected"] == pytest.approx(100)
        assert (row["verdict"], row["anomaly_kind"]) == ("judged", told)
        assert row["lower"] < 100 < row["upper"]


def test_what_is_flagged_is_outside_and_larger_than_the_smallest_visible_change(
    rules: dict[str, str],
) -> None:
    for row in score(rules["count"], some(3, "count", 200)):
        outside = row["verdict"] == "judged" and not row["lower"] <= row["value"] <= row["upper"]
        if row["anomaly_kind"] in ("spike", "drop"):
            assert outside
            assert row["is_anomaly"]
        elif row["anomaly_kind"] is None:
            assert not outside
            assert not row["is_anomaly"]
            if row["verdict"] == "judged":
                change = abs(row["value"] - row["expected"])
                assert change <= row["smallest_visible_change"] + 1e-9


def test_a_feed_that_stands_still_is_a_flatline(rules: dict[str, str]) -> None:
    values = noise(5, 60)
    found = score(rules["count"], days([*values, *[values[-1]] * 5]))
    assert "flatline" in {row["anomaly_kind"] for row in found[-5:]}
    assert not any(row["is_anomaly"] for row in found[:-5])


def test_days_without_events_add_up_in_a_thin_series(rules: dict[str, str]) -> None:
    """Three a day: one day without is chance; five in a row are not."""
    thin = [float(n) for n in (2, 4, 3, 1, 5, 3, 2, 4, 3, 3, 2, 5, 1, 4)] * 4
    found = score(rules["count"], days([*thin, *[0.0] * 5]))
    assert [row["is_anomaly"] for row in found[-5:-3]] == [False, False]
    assert "drop" in {row["anomaly_kind"] for row in found[-3:]}


def test_what_was_not_read_has_no_verdict_and_moves_nothing(rules: dict[str, str]) -> None:
    values = noise(8, 80)
    values[40:44] = [None] * 4
    found = score(rules["count"], days(values))
    for row in found[40:44]:
        assert (row["verdict"], row["is_anomaly"], row["z_score"]) == ("not read", False, None)
    assert not any(row["is_anomaly"] for row in found)


def test_a_known_event_is_no_alarm_unless_all_is_gone(rules: dict[str, str]) -> None:
    """Half the usual on a day of the calendar; the other series' calendar does not count."""
    values = noise(9, 70)
    values[60] = 90.0
    rows = [*days(values), *days(values, "b")]
    event = FIRST + timedelta(60)
    found = score(rules["calendar"], rows, calendar=[(event, "a")])
    at = {row["entity"]: row for row in found if row["moment"] == event}
    assert (at["a"]["verdict"], at["a"]["is_anomaly"]) == ("known event", False)
    assert at["b"]["anomaly_kind"] == "drop"
    everywhere = score(rules["calendar"], rows, calendar=[(event, None)])
    assert not any(row["is_anomaly"] for row in everywhere)
    values[60] = 0.0
    gone = score(rules["calendar"], days(values), calendar=[(event, None)])
    assert gone[60]["anomaly_kind"] == "drop"


def test_a_rate_of_few_events_is_too_little_volume(rules: dict[str, str]) -> None:
    thin = [("a", FIRST + timedelta(n), n % 2, 100) for n in range(60)]
    assert {row["verdict"] for row in score(rules["rate"], thin, "rates")[30:]} == {
        "too little volume"
    }
    draw = random.Random(4)
    rows = [("a", FIRST + timedelta(n), draw.gauss(30, 4), 1000) for n in range(60)]
    rows[-1] = (*rows[-1][:2], 3, 1000)
    found = score(rules["rate"], rows, "rates")
    assert [row["anomaly_kind"] for row in found if row["is_anomaly"]] == ["drop"]
    assert found[-1]["expected"] == pytest.approx(0.03, rel=0.05)
    nothing = score(rules["rate"], [*rows, ("a", FIRST + timedelta(60), 0, 0)], "rates")[-1]
    assert (nothing["value"], nothing["verdict"]) == (None, "too little volume")


@pytest.mark.parametrize("kind", ["count", "spend", "price", "hourly"])
@pytest.mark.parametrize(
    "values",
    [
        [0.0] * 50,
        [7.0],
        [None] * 30,
        [-5.0, 3.0] * 30,
        [-100.0] * 40,
        [1e25, 2e25, 1.5e25] * 20,
        [float("nan"), float("inf"), 1.0] * 20,
        [0.0] * 50 + [1e-7, 0.0] * 20,
    ],
)
def test_any_series_is_scored_row_by_row(
    rules: dict[str, str], kind: str, values: list[float | None]
) -> None:
    found = score(rules[kind], days(values))
    assert len(found) == len(values)
    assert all(isinstance(row["is_anomaly"], bool) for row in found)


def test_odd_names_and_one_series_without_entities(rules: dict[str, str]) -> None:
    with duckdb.connect() as database:
        database.execute(
            'create table odd as select n % 3 as "Campaign Id", null::varchar as "order", '
            'current_date + (n // 3)::integer as "date", n::decimal(18, 2) as "value (USD)" '
            "from range(90) as rows(n)"
        )
        done = database.execute(f"select * from ({rules['odd names']}) as scored")
        assert [c[0] for c in done.description][:3] == ["Campaign Id", "order", "date"]
        assert len(done.fetchall()) == 90
        database.execute(
            "create table series as select current_date + n::integer as moment, 5 as value "
            "from range(30) as rows(n)"
        )
        done = database.execute(f"with scored as ({rules['one series']}) select * from scored")
        assert [c[0] for c in done.description][:2] == ["moment", "value"]
        assert len(done.fetchall()) == 30


@pytest.mark.parametrize("mean", [0.3, 2.0, 15.0, 400.0])
def test_chance_alone_raises_fewer_than_one_alarm_in_a_thousand(
    rules: dict[str, str], mean: float
) -> None:
    with duckdb.connect() as database:
        database.execute("create table series (entity integer, moment date, value bigint)")
        draw = random.Random(int(mean * 10))
        rows = [
            (entity, FIRST + timedelta(day), poisson(draw, mean))
            for entity in range(30)
            for day in range(200)
        ]
        insert(database, "series", rows)
        [(judged, flagged)] = database.execute(
            "select count_if(verdict = 'judged'), count_if(is_anomaly) "
            f"from ({rules['count']}) as scored"
        ).fetchall()
    assert judged > 5000
    assert flagged < judged / 1000


def poisson(draw: random.Random, mean: float) -> int:
    """A count: arrivals within `mean` at a rate of one."""
    number, left = 0, mean - draw.expovariate(1)
    while left > 0:
        number, left = number + 1, left - draw.expovariate(1)
    return number
