"""Segments: one meaning in a request, on the command line and in SQL, and no way out of a value."""

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from api.catalogue import TIME, read_segments
from api.engine import Reports
from api.errors import RequestError
from api.request import parse_request
from api.segments import Condition
from api.where import parse_where
from pipeline.settings import PROJECT, Folder
from tests.api.world import CAMPAIGNS

ATTACKS = (
    "'; drop table marts.fct_campaign_daily; --",
    '" or 1=1 --',
    "') or true or ('",
    "$start",
    "{{ env_var('HOME') }}",
    "{% do run_query('drop schema marts') %}",
    "/etc/passwd",
    "read_text('/etc/passwd')",
    "snapshot.marts.dim_account",
    "cost) from marts.fct_campaign_daily; select (1",
    "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>",
    "\x00",
    "a" * 199,
    "😀'\"\\",
)
SECOND = settings(
    deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def names(reports: Reports, *segments: Any) -> set[str | None]:
    """Campaign names of the world that segments keep."""
    answer = reports.query(
        metrics=["impressions"],
        by=["campaign"],
        since="2025-11-20",
        until="2026-03-25",
        segments=list(segments),
    )
    return {row["campaign_name"] for row in answer.to_pylist()}


EVERYTHING = {campaign[5] for campaign in CAMPAIGNS}


def test_null_matches_is_null_and_negations_only(reports: Reports) -> None:
    """So that a condition and its negation always make up everything."""
    for operator, values in (
        ("=", ["Brand"]),
        ("in", ["Brand", "=cmd()"]),
        ("contains", ["brand"]),
        ("starts with", ["b"]),
        ("ends with", ["e"]),
        ("matches", ["."]),
        ("between", ["A", "Z"]),
        ("is null", []),
    ):
        negated = {"=": "!=", "is null": "is not null"}.get(operator, f"not {operator}")
        condition = {"dimension": "campaign_name", "values": values}
        kept = names(reports, condition | {"operator": operator})
        rest = names(reports, condition | {"operator": negated})
        assert kept | rest == EVERYTHING and not kept & rest
        assert (None in kept) == (operator == "is null")
        assert names(reports, {"not": condition | {"operator": operator}}) == rest


@pytest.mark.parametrize("broken", ["\ud800", "a\udcffb"])
def test_half_a_character_is_refused(reports: Reports, broken: str) -> None:
    for where in (f"channel = '{broken}'", f"{broken} = x", f"segment {broken}"):
        with pytest.raises(RequestError):
            reports.query(metrics=["cost"], where=where)
    for field in ("metrics", "dimensions", "segments", "order_by", "name", "format"):
        with pytest.raises(RequestError):
            reports.query({"metrics": ["cost"]} | {field: broken})


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_value_is_only_a_value(reports: Reports, attack: str) -> None:
    """Whatever it looks like; and a campaign that is called so is found by it."""
    for operator in ("=", "contains", "starts with", "not in", "between"):
        values = [attack, attack] if operator == "between" else [attack]
        condition = {"dimension": "campaign_name", "operator": operator, "values": values}
        kept = names(reports, condition)
        assert kept == (EVERYTHING if operator == "not in" else set())
    hostile = "O'Brien'); drop table x; --"
    assert names(reports, parse_where(f"campaign_name = '{hostile.replace(chr(39), chr(39) * 2)}'"))


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("field", ["metrics", "dimensions", "segments", "order_by", "dimension"])
def test_a_name_is_only_a_name(reports: Reports, field: str, attack: str) -> None:
    given: dict[str, Any] = {"metrics": ["cost"]}
    if field == "dimension":
        given["segments"] = [{"dimension": attack, "operator": "=", "values": ["x"]}]
    elif field == "order_by":
        given["order_by"] = [{"name": attack}]
    else:
        given[field] = [{"name": attack}]
    with pytest.raises(RequestError) as caught:
        reports.query(given)
    assert caught.value.code == "unknown_name" and "\n" not in caught.value.message


def test_the_process_reaches_no_other_file(reports: Reports, tmp_path: Path) -> None:
    """Even SQL that somebody could slip in could not read or write one."""
    cursor = reports.live().database.cursor()
    for statement in (
        "select * from read_text('/etc/hostname')",
        f"copy (select 1) to '{tmp_path}/out.csv'",
        f"attach '{tmp_path}/other.duckdb'",
        "set enable_external_access = true",
        "install httpfs",
        "delete from snapshot.marts.dim_account",
        "create table snapshot.marts.mine (one int)",
    ):
        with pytest.raises(duckdb.Error):
            cursor.execute(statement)
    assert not list(tmp_path.iterdir())


WORDS = st.sampled_from(
    [
        "and",
        "or",
        "not",
        "(",
        ")",
        ",",
        "=",
        "!=",
        "in",
        "is",
        "null",
        "between",
        "contains",
        "starts",
        "with",
        "matches",
        "segment",
        "platform",
        "channel",
        "x",
        "'a'",
        '"b""c"',
        "'",
        "*",
        "brand_search",
    ]
)


@settings(SECOND, max_examples=400)
@given(st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=14).map(" ".join)))
@example("(" * 5000)
@example("not " * 3000 + "x = y")
@example("x = y " + "and x = y " * 500)
def test_where_is_read_or_refused(text: str) -> None:
    with suppress(RequestError):
        found = parse_where(text)
        assert parse_request({"metrics": ["cost"], "segments": [found]}).segments == [found]


@settings(SECOND, max_examples=200)
@given(
    wild=st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=10)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(
                st.sampled_from(
                    ["name", "dimension", "operator", "values", "and", "or", "not", "x"]
                ),
                inner,
                max_size=3,
            ),
        ),
        max_leaves=8,
    )
)
def test_a_request_is_read_or_refused(reports: Reports, wild: Any) -> None:
    for field in ("segments", "metrics", "dimensions", "time_range", "order_by", "compare"):
        with suppress(RequestError):
            assert reports.query({"metrics": ["cost"]} | {field: wild}).columns


def test_precedence_quotes_and_words() -> None:
    found = parse_where("""channel = search or platform = x and not (a contains 'it''s')""")
    assert found.model_dump(by_alias=True) == {
        "or": [
            {"dimension": "channel", "operator": "=", "values": ["search"]},
            {
                "and": [
                    {"dimension": "platform", "operator": "=", "values": ["x"]},
                    {"not": {"dimension": "a", "operator": "contains", "values": ["it's"]}},
                ]
            },
        ]
    }
    assert parse_where("segment = x") == Condition(dimension="segment", operator="=", values=["x"])
    assert parse_where("campaign_id in (1, 2)").values == ["1", "2"]
    assert parse_where("a between 1 and 2 and b is not null").conditions[0].values == ["1", "2"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("platform", "the end where an operator"),
        ("platform = ", "the end where a value"),
        ("platform = 'x", "needs both"),
        ("platform in ()", "')' where a value"),
        ("(platform = x", "the end where `)`"),
        ("platform = x y = z", "'y' where `and` or `or`"),
        ("x between 1", "where `and`"),
    ],
)
def test_where_says_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(RequestError, match=re.escape(said)):
        parse_where(text)


def test_sql_and_the_api_mean_the_same(
    demo: Folder, reports: Reports, by_hand: duckdb.DuckDBPyConnection
) -> None:
    """The macro's conditions, as the last build compiled them, keep the same campaigns."""
    (file,) = demo.dbt_target.glob("compiled/*/tests/data/assert_segments_can_be_used.sql")
    compiled = file.read_text(encoding="utf-8")
    found = dict(
        re.findall(
            r"select '(\w+)' as segment_name from nothing\s+where (.*?)\s*"
            r"(?=union all|\Z)",
            compiled,
            re.DOTALL,
        )
    )
    assert set(found) == {segment.name for segment in reports.segments()}
    kept = 0
    for name, condition in found.items():
        rows = by_hand.execute(
            f"select distinct campaign_name from marts.fct_campaign_daily where {condition}"
        ).fetchall()
        assert names(reports, name) == {row[0] for row in rows}
        kept += len(rows)
    assert kept


def test_an_expression_that_is_none_is_refused(reports: Reports) -> None:
    with pytest.raises(RequestError, match="no regular expression"):
        reports.query(metrics=["cost"], where="campaign_name matches '(a'")


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        ({"dimension": "chanel", "operator": "=", "values": ["x"]}, "did you mean channel"),
        ({"dimension": "channel", "operator": "is", "values": ["x"]}, "operator"),
        ({"dimension": "channel", "operator": "between", "values": ["x"]}, "two values"),
        ({"dimension": "channel", "operator": "=", "value": ["x"]}, "value"),
        ({"name": "itself"}, "refers to itself"),
        ({"name": "other"}, "no segment"),
        ({"and": []}, "at least 1"),
    ],
)
def test_a_bad_definition_is_told(definition: Any, said: str) -> None:
    with pytest.raises(RequestError, match=said) as caught:
        read_segments({"itself": {"definition": definition}}, {"channel", "platform"})
    assert "itself" in caught.value.message


def test_the_file_of_segments_is_what_is_published(reports: Reports) -> None:
    text = (PROJECT / "seeds" / "segments.yml").read_text(encoding="utf-8")
    (exposure,) = yaml.safe_load(text)["exposures"]
    known = {dimension.name for dimension in reports.dimensions()} - set(TIME)
    assert list(read_segments(exposure["config"]["meta"], known).values()) == reports.segments()
