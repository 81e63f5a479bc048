"""One answer: the engine = SQL by hand = MetricFlow = the command, to the last digit.

The SQL by hand takes its periods from dim_date, its conditions from pairs written twice, and each
window from a subquery of its own, so that it shares nothing with api.compiler but the marts.
"""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from api.compiler import Shift
from api.engine import Reports
from api.formats import render
from pipeline.cli import app
from tests.api.world import FIRST, LAST

SUMS = {
    "impressions": ("impressions", "bigint"),
    "clicks": ("clicks", "bigint"),
    "cost": ("cost", "decimal(38, 9)"),
    "conversions": ("conversions", "decimal(38, 9)"),
    "conversion_value": ("conversion_value", "decimal(38, 9)"),
}
RATIOS = {
    "ctr": ("clicks", "impressions"),
    "cpc": ("cost", "clicks"),
    "cpm": ("cost", "impressions"),
    "cvr": ("conversions", "clicks"),
    "cpa": ("cost", "conversions"),
    "roas": ("conversion_value", "cost"),
    "aov": ("conversion_value", "conversions"),
}
WINDOWED = ("roas", "cpa")
LOCAL = ("cost_local", "conversion_value_local")
KEYS = {
    "platform": ["platform"],
    "account": ["platform", "account_id", "account_name"],
    "account_id": ["platform", "account_id"],
    "campaign": ["platform", "account_id", "campaign_id", "campaign_name"],
    "campaign_name": ["platform", "account_id", "campaign_id", "campaign_name"],
    "channel": ["channel"],
    "currency": ["currency"],
    "device": ["device"],
    "ad_group": ["platform", "account_id", "campaign_id", "ad_group_id", "ad_group_name"],
    "ad": ["platform", "account_id", "campaign_id", "ad_group_id", "ad_id", "ad_name"],
}
PERIODS = {
    "day": "date_day",
    "week": "week_start",
    "month": "month_start",
    "quarter": "quarter_start",
    "year": "year_start",
}
# A condition as a request says it, and as a person writes it in SQL.
CONDITIONS: list[tuple[dict[str, Any], str]] = [
    ({"dimension": "platform", "operator": "=", "values": ["google_ads"]}, "platform='google_ads'"),
    (
        {"dimension": "platform", "operator": "!=", "values": ["google_ads"]},
        "platform<>'google_ads'",
    ),
    (
        {"dimension": "channel", "operator": "!=", "values": ["search"]},
        "(channel<>'search' or channel is null)",
    ),
    (
        {"dimension": "channel", "operator": "in", "values": ["search", "video"]},
        "(channel='search' or channel='video')",
    ),
    (
        {"dimension": "channel", "operator": "not in", "values": ["search", "video"]},
        "(channel is null or channel not in ('search','video'))",
    ),
    ({"dimension": "channel", "operator": "is null"}, "channel is null"),
    ({"dimension": "account_name", "operator": "is not null"}, "account_name is not null"),
    (
        {"dimension": "campaign_name", "operator": "contains", "values": ["BRAND"]},
        "campaign_name ilike '%brand%'",
    ),
    (
        {"dimension": "campaign_name", "operator": "not contains", "values": ["%"]},
        "(campaign_name is null or strpos(campaign_name,'%')=0)",
    ),
    (
        {"dimension": "campaign_name", "operator": "starts with", "values": ["o'brien"]},
        "campaign_name ilike 'o''brien%'",
    ),
    (
        {"dimension": "campaign_name", "operator": "ends with", "values": ["sale"]},
        "campaign_name ilike '%sale'",
    ),
    (
        {"dimension": "campaign_name", "operator": "matches", "values": ["^[Bb]rand", "cmd\\("]},
        "(regexp_matches(campaign_name,'^[Bb]rand') or regexp_matches(campaign_name,'cmd\\('))",
    ),
    (
        {"dimension": "account_id", "operator": "between", "values": ["1", "3"]},
        "account_id>='1' and account_id<='3'",
    ),
    ({"dimension": "currency", "operator": "in", "values": ["EUR"]}, "currency='EUR'"),
]
ALL_METRICS = [
    *SUMS,
    *RATIOS,
    *(f"{name}_{window}" for name in (*SUMS, *WINDOWED) for window in ("mtd", "7d", "28d")),
    *(f"{name}_7d_growth" for name in SUMS),
    *(f"share_of_{name}" for name in SUMS),
]


@dataclass
class Asked:
    """A question, as a request and as SQL."""

    metrics: list[str]
    by: list[str]
    grain: str | None
    start: date
    end: date
    segments: list[Any]
    condition: str

    @property
    def columns(self) -> list[str]:
        """Columns of the dimensions, without the date."""
        return list(dict.fromkeys(column for name in self.by for column in KEYS[name]))

    @property
    def mart(self) -> str:
        if any(name in self.columns for name in ("ad_group_id", "ad_id")):
            return "fct_ad_daily"
        return "fct_campaign_device_daily" if "device" in self.columns else "fct_campaign_daily"


@st.composite
def conditions(draw: st.DrawFn) -> tuple[list[Any], str]:
    """Segments that all hold, and the SQL of them."""
    leaves = st.sampled_from(CONDITIONS)

    def combine(parts: st.SearchStrategy) -> st.SearchStrategy:
        pairs = st.lists(parts, min_size=1, max_size=3)
        return st.one_of(
            pairs.map(lambda ps: ({"and": [p[0] for p in ps]}, f"({' and '.join(_on(ps))})")),
            pairs.map(lambda ps: ({"or": [p[0] for p in ps]}, f"({' or '.join(_on(ps))})")),
            parts.map(lambda p: ({"not": p[0]}, f"not coalesce({p[1]}, false)")),
        )

    tree = st.recursive(leaves, combine, max_leaves=5)
    chosen = draw(st.lists(tree, max_size=2))
    return [one[0] for one in chosen], " and ".join(_on(chosen)) or "true"


def _on(pairs: list[Any]) -> list[str]:
    return [f"coalesce({sql}, false)" for _, sql in pairs]


@st.composite
def questions(draw: st.DrawFn) -> Asked:
    """Any metrics by anything that some report splits by."""
    fine = draw(st.sampled_from([(), (), ("device",), ("ad",), ("ad_group",)]))
    coarse = [name for name in KEYS if name not in ("device", "ad", "ad_group")]
    by = [*draw(st.lists(st.sampled_from(coarse), max_size=2, unique=True)), *fine]
    metrics = draw(st.lists(st.sampled_from(ALL_METRICS), min_size=1, max_size=4, unique=True))
    if "currency" in by:
        metrics += draw(st.lists(st.sampled_from(LOCAL), max_size=2, unique=True))
    start = draw(st.dates(FIRST - timedelta(5), LAST))
    end = start + timedelta(draw(st.sampled_from([0, 1, 6, 13, 40, 120])))
    grain = draw(st.sampled_from([None, *PERIODS]))
    segments, condition = draw(conditions())
    return Asked(metrics, by, grain, start, end, segments, condition)


def sql_of(asked: Asked) -> str:
    """The question in SQL, one subquery a metric, as a person would write it."""
    columns = asked.columns
    if asked.grain:
        columns = ["date", *columns]
    rows = f"select *, date_day as d from marts.{asked.mart} where {asked.condition}"
    period = f"p.{PERIODS[asked.grain]}" if asked.grain else "null"
    periods = (
        f"select {period} as date, max(date_day) as last from marts.dim_date p "
        f"where date_day >= '{asked.start}' and date_day <= '{asked.end}' group by 1"
    )
    groups = ", ".join(["periods.date", *(f"r.{name}" for name in asked.columns)])
    figures = []
    needed: dict[str, str] = {}
    for metric in asked.metrics:
        figures.append(f"{_figure(metric, needed)} as {metric}")
    added = []
    for alias, (name, low, high) in needed.items():
        typed = "bigint" if name in ("impressions", "clicks") else "decimal(38, 9)"
        value = f"r.{name}" if name not in LOCAL else f"if(r.currency is null, null, r.{name})"
        added.append(f"sum(if(r.d >= {low} and r.d <= {high}, {value}, null))::{typed} as {alias}")
    joined = " or ".join(f"(r.d >= {low} and r.d <= {high})" for _, low, high in needed.values())
    firsts = f"periods as ({periods}), bounds as (select *, {_first(asked)} as first from periods)"
    kept = ", ".join(columns)
    listed = ", ".join([*columns, *figures])
    grouped = f"group by {groups}" if (asked.grain or asked.columns) else ""
    date_column = "periods.date as date, " if asked.grain else ""
    names = "".join(f"r.{name} as {name}, " for name in asked.columns)
    join = "inner join" if (asked.grain or asked.columns) else "left join"
    return (
        f"with r as ({rows}), {firsts}, sums as (select {date_column}{names}{', '.join(added)} "
        f"from bounds as periods {join} r on {joined} {grouped}) "
        f"select {listed} from sums" + (f" order by {_order(columns)}" if kept else "")
    )


def _order(columns: list[str]) -> str:
    return ", ".join(f"{name} nulls last" for name in columns)


def _first(asked: Asked) -> str:
    """First day of the period that is in the range."""
    return f"greatest(date, date '{asked.start}')" if asked.grain else f"date '{asked.start}'"


def _figure(metric: str, needed: dict[str, Any]) -> str:
    """SQL of a figure over sums; says which sums it needs: measure, first and last day."""
    if metric.startswith("share_of_"):
        name = metric.removeprefix("share_of_")
        value = _sum(name, "", needed)
        return f"{value}::double / nullif((sum({value}) over ())::double, 0)"
    if metric.endswith("_7d_growth"):
        name = metric.removesuffix("_7d_growth")
        now, before = _sum(name, "7d", needed), _sum(name, "7d_before", needed)
        return f"({now} - {before})::double / nullif({before}::double, 0)"
    name, _, window = metric.rpartition("_")
    if window not in ("mtd", "7d", "28d"):
        name, window = metric, ""
    if name in RATIOS:
        above, below = (_sum(part, window, needed) for part in RATIOS[name])
        factor = "1000 * " if name == "cpm" else ""
        return f"{factor}{above}::double / nullif({below}::double, 0)"
    return _sum(name, window, needed)


def _sum(name: str, window: str, needed: dict[str, Any]) -> str:
    low, high = {
        "": ("periods.first", "periods.last"),
        "mtd": ("date_trunc('month', periods.last)", "periods.last"),
        "7d": ("periods.last - 6", "periods.last"),
        "7d_before": ("periods.last - 13", "periods.last - 7"),
        "28d": ("periods.last - 27", "periods.last"),
    }[window]
    alias = f"x_{name}_{window}"
    needed[alias] = (name, low, high)
    return alias


def ask(reports: Reports, asked: Asked, **more: Any) -> Any:
    return reports.query(
        metrics=asked.metrics,
        dimensions=asked.by,
        grain=asked.grain,
        segments=asked.segments,
        time_range={"start_date": asked.start, "end_date": asked.end},
        **more,
    )


def same(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> None:
    """Rows are equal, in order, columns of trust aside; so are their types."""
    ours = [{key: row[key] for key in row if key != "is_partial"} for row in ours]
    assert ours == theirs
    for mine, other in zip(ours, theirs, strict=True):
        assert [type(mine[key]) for key in other] == [type(other[key]) for key in other]


@settings(
    max_examples=250,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(asked=questions())
def test_the_engine_answers_as_sql_by_hand(
    reports: Reports, by_hand: duckdb.DuckDBPyConnection, asked: Asked
) -> None:
    theirs = by_hand.execute(sql_of(asked)).to_arrow_table().to_pylist()
    same(ask(reports, asked).to_pylist(), theirs)


QUICK = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@QUICK
@given(asked=questions(), pages=st.integers(1, 4))
def test_totals_pages_and_sorting_are_of_the_same_rows(
    reports: Reports, asked: Asked, pages: int
) -> None:
    asked.metrics = [name for name in asked.metrics if name not in LOCAL]
    whole = ask(reports, asked, totals=True)
    rows = whole.to_pylist()
    everything = Asked(asked.metrics, [], None, asked.start, asked.end, asked.segments, "")
    assert [whole.totals] == ask(reports, everything).to_pylist()
    order = [{"name": asked.metrics[0], "direction": "desc"}]
    size = len(rows) // pages + 1
    paged = []
    for offset in range(0, len(rows), size):
        page = ask(reports, asked, order_by=order, limit=size, offset=offset)
        paged += page.to_pylist()
        assert page.has_more == (offset + size < len(rows))
    assert sorted(map(repr, paged)) == sorted(map(repr, rows))
    values = [row[asked.metrics[0]] for row in paged]
    known = [value for value in values if value is not None]
    assert values[: len(known)] == known == sorted(known, reverse=True)


@QUICK
@given(asked=questions(), years=st.booleans())
def test_a_comparison_is_two_questions(reports: Reports, asked: Asked, years: bool) -> None:
    """Each day is set beside the day it is compared with, and nothing is lost on either side."""
    asked.grain = "day" if asked.grain else None
    asked.metrics = [name for name in asked.metrics if not name.startswith("share_of")]
    asked.metrics = asked.metrics or ["cost"]
    length = timedelta((asked.end - asked.start).days + 1)
    back = timedelta(365) if years else length  # no leap day in these years
    both = ask(reports, asked, compare="previous_year" if years else "previous_period")
    assert both.compared == (asked.start - back, asked.end - back)
    now = ask(reports, asked).to_pylist()
    before = ask(
        reports,
        Asked(asked.metrics, asked.by, asked.grain, *both.compared, asked.segments, ""),
    ).to_pylist()
    columns = [*(["date"] if asked.grain else []), *asked.columns]

    def keyed(rows: list[dict[str, Any]], shift: timedelta) -> dict[Any, dict[str, Any]]:
        return {
            tuple(row[name] + shift if name == "date" else row[name] for name in columns): row
            for row in rows
        }

    ours = keyed(both.to_pylist(), timedelta(0))
    these, those = keyed(now, timedelta(0)), keyed(before, back)
    assert set(ours) == set(these) | set(those)
    for key, row in ours.items():
        for name in asked.metrics:
            value, previous = these.get(key, {}).get(name), those.get(key, {}).get(name)
            assert (row[name], row[f"{name}_previous"]) == (value, previous)
            if value is None or not previous:
                assert row[f"{name}_change"] is None
            elif isinstance(value, float):
                assert row[f"{name}_change"] == (value - previous) / previous
            else:
                change = float((value - previous) / previous)
                assert row[f"{name}_change"] == pytest.approx(change, rel=1e-15)


def test_a_leap_day_stands_on_the_28th(
    reports: Reports, by_hand: duckdb.DuckDBPyConnection
) -> None:
    """A year has days that the year before has twice, or not at all."""
    leap = Asked(["cost"], [], "day", date(2028, 2, 28), date(2028, 2, 29), [], "")
    compared = ask(reports, leap, compare="previous_year").compared
    assert compared == (date(2027, 2, 28), date(2027, 2, 28))
    days = "unnest([date '2024-02-28', date '2024-02-29', date '2024-03-01'])"
    forth = Shift(date(2024, 2, 1), date(2024, 3, 1), years=1).forth("day")
    moved = by_hand.execute(f"select {forth} from (select {days} as day) as days").fetchall()
    assert moved == [(date(2025, 2, 28),), (date(2025, 2, 28),), (date(2025, 3, 1),)]


@QUICK
@given(asked=questions())
def test_the_command_answers_as_python_does(
    world: Path, tmp_path_factory: pytest.TempPathFactory, reports: Reports, asked: Asked
) -> None:
    """Parquet is compared with types and all, JSON by the text of every number."""
    expected = ask(reports, asked)
    line = ["query", "--metrics", ",".join(asked.metrics), "--since", str(asked.start)]
    line += ["--until", str(asked.end)]
    by = [*([asked.grain] if asked.grain else []), *asked.by]
    line += ["--by", ",".join(by)] if by else []
    for segment in asked.segments:
        line += ["--where", spelled(segment)]
    file = tmp_path_factory.getbasetemp() / "answer.parquet"
    environment = {"CAMPAIGNS_DATA_DIR": str(world)}
    done = CliRunner().invoke(app, [*line, "--output", str(file)], env=environment)
    assert done.exit_code == 0, (done.output, done.exception)
    assert pq.read_table(file).replace_schema_metadata().equals(expected.rows)
    done = CliRunner().invoke(app, [*line, "--format", "json"], env=environment)
    told = json.loads(done.stdout, parse_float=Decimal)["data"]
    assert told == json.loads(render(expected, "json").decode(), parse_float=Decimal)["data"]
    assert [list(row.values()) for row in told] == [
        [
            value.isoformat()
            if isinstance(value, date)
            else value
            if not isinstance(value, float)
            else Decimal(repr(value))
            for value in row.values()
        ]
        for row in expected.to_pylist()
    ]


def spelled(segment: Any) -> str:
    """A segment in the grammar of --where."""
    for word in ("and", "or"):
        if word in segment:
            return "(" + f" {word} ".join(map(spelled, segment[word])) + ")"
    if "not" in segment:
        return f"not {spelled(segment['not'])}"
    values = ["'" + value.replace("'", "''") + "'" for value in segment.get("values", ())]
    operator = segment["operator"]
    if operator.endswith("between"):
        told = " and ".join(values)
    else:
        told = f"({', '.join(values)})" if values else ""
    return f"{segment['dimension']} {operator} {told}"


@QUICK
@given(asked=questions())
def test_pandas_and_polars_hold_the_same(reports: Reports, asked: Asked) -> None:
    report = ask(reports, asked)
    assert report.to_polars().to_dicts() == report.to_pylist()
    frame = report.to_pandas()
    assert list(frame.columns) == [column.name for column in report.columns]
    assert len(frame) == report.rows.num_rows
