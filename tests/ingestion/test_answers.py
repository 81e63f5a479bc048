"""Answers are cut and parsed exactly, however they are laid out and wherever they are cut."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion import answers
from ingestion.answers import parse, select_rows, select_text
from ingestion.contract import MONEY
from ingestion.http import Cut

TREE = {"a": "VARCHAR", "m": {"k": "VARCHAR"}}
TEXTS = st.text(st.sampled_from('x{}[]",:\\ é🙂') | st.characters(exclude_categories=["Cs", "Cc"]))
ROWS = st.fixed_dictionaries({}, optional={"a": TEXTS, "m": st.fixed_dictionaries({"k": TEXTS})})
# A row may hold what an answer's object begins with.
NESTED = st.fixed_dictionaries({"results": st.lists(ROWS, max_size=2), "a": TEXTS})
ANSWERS = st.lists(
    st.fixed_dictionaries({}, optional={"results": st.lists(ROWS | NESTED), "requestId": TEXTS})
)


def read(folder: Path, text: str, extra: bool = False) -> list[tuple[Any, ...]]:
    """Give the values a and m.k of an answer's rows, or the rows' own texts."""
    file = folder / "answer.json"
    file.write_text(text, encoding="utf-8")
    query = select_rows("results", TREE, extra)
    with duckdb.connect() as database:
        return parse(database, file, f"select r.a, r.m.k, extra from ({query})").fetchall()


@given(ANSWERS, st.integers(1, 40), st.sampled_from([None, 2]), st.booleans(), st.booleans())
@settings(max_examples=200, deadline=None)
def test_rows_are_those_of_the_answer(
    tmp_path_factory: pytest.TempPathFactory,
    answer: list[dict[str, Any]],
    chunk: int,
    indent: int | None,
    ascii_only: bool,
    extra: bool,
) -> None:
    text = json.dumps(answer, indent=indent, ensure_ascii=ascii_only)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answers, "CHUNK", chunk)
        found = read(tmp_path_factory.getbasetemp(), text, extra)
    rows = [row for batch in answer for row in batch.get("results", [])]
    assert [(a, k) for a, k, _ in found] == [(r.get("a"), r.get("m", {}).get("k")) for r in rows]
    assert [json.loads(raw) for *_, raw in found if raw] == (rows if extra else [])


@pytest.mark.parametrize(
    "text",
    [
        '[{"results": 5}]',
        '[{"results": []}, {"results": {"a": "1"}}]',
        '[{"results": [{"a": "1"}',
        '[{"results": [{"a": "1"}]}',
        '[{"results": []}, {"results": [}]',
    ],
)
def test_what_is_no_list_of_rows_is_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(Cut):
        read(tmp_path, text)


def test_one_object_is_an_answer(tmp_path: Path) -> None:
    assert read(tmp_path, '{"results": [{"a": "1"}], "x": 2}') == [("1", None, None)]


def test_numbers_without_quotes_keep_a_doubles_digits(tmp_path: Path) -> None:
    assert read(tmp_path, '[{"results": [{"a": 0.30000000000000004}]}]')[0][0] == (
        "0.30000000000000004"
    )


def test_an_error_in_a_stream_is_found(tmp_path: Path) -> None:
    file = tmp_path / "answer.json"
    file.write_text('[{"results": []}, {"error": {"code": 500}}]')
    with duckdb.connect() as database:
        ((text,),) = parse(database, file, select_text("error")).fetchall()
    assert json.loads(text) == {"code": 500}


@given(st.decimals(allow_nan=False, allow_infinity=False, places=12) | st.integers())
@settings(max_examples=300, deadline=None)
def test_a_decimal_is_what_one_cast_gives(number: Decimal | int) -> None:
    text = f"{number:f}" if isinstance(number, Decimal) else str(number)
    plain = "try_cast(x as decimal(38, 9))"
    query = f"select {plain}, {answers._cast(pa.field('x', MONEY))} from (select ? as x)"
    ((one, other),) = DATABASE.execute(query, [text]).fetchall()
    assert one == other


DATABASE = duckdb.connect()
