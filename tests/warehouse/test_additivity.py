"""Additivity is a contract: no SQL of the project sums what cannot be summed."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from pipeline.settings import PROJECT, Folder
from tests.parsed import dbt

ADDITIVE = {"additive", "additive within a currency"}
KINDS = ADDITIVE | {"factor", "ratio", "not over time", "none"}
NUMBERS = re.compile(r"^(bigint|double|decimal)")
SUMMARIES = (exp.Sum, exp.Avg, exp.Median)


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> list[dict]:
    """All nodes of the project with their SQL compiled."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CAMPAIGNS_DATA_DIR", str(tmp_path_factory.mktemp("additivity")))
        return [done.node.to_dict() for done in dbt(Folder().prepare(), "compile")]


def marts(nodes: list[dict]) -> Iterator[dict]:
    return (node for node in nodes if "marts" in node["fqn"] and node["resource_type"] == "model")


def metas(nodes: list[dict]) -> Iterator[tuple[str, str, dict]]:
    """Every measured column of every mart: model, column, meta."""
    for node in marts(nodes):
        for column in node["columns"].values():
            meta = column["config"]["meta"]
            if "additivity" in meta:
                yield node["name"], column["name"], meta


def not_summable(nodes: list[dict]) -> set[str]:
    """Names that never stand inside sum(), avg() or median()."""
    allowed = ADDITIVE | {"factor"}
    found = {name for _, name, meta in metas(nodes) if meta["additivity"] not in allowed}
    return (found | {"reach", "frequency"}) - {"value", "expected", "lower", "upper"}


def faults(sql: str, forbidden: set[str]) -> list[str]:
    """Aggregates of `sql` that sum or average a column that is not additive."""
    return [
        summary.sql()
        for statement in sqlglot.parse(sql, dialect="duckdb")
        if statement
        for summary in statement.find_all(*SUMMARIES)
        if {column.name for column in summary.find_all(exp.Column)} & forbidden
    ]


def page_queries() -> Iterator[tuple[str, str]]:
    """The SQL of the site: its sources and the blocks of its pages, placeholders as a name."""
    pages = PROJECT / "reports" / "pages"
    for path in sorted((PROJECT / "reports" / "sources").rglob("*.sql")):
        yield path.name, path.read_text()
    for path in sorted([*pages.rglob("*.md"), *(PROJECT / "reports" / "partials").rglob("*.md")]):
        for block in re.findall(r"```sql \w+\n(.*?)```", path.read_text(), re.DOTALL):
            yield _place(path), re.sub(r"\$\{.*?\}", "placeholder", block)


def _place(path: Path) -> str:
    return str(path.relative_to(PROJECT))


def test_every_number_of_a_mart_says_whether_it_adds_up(nodes: list[dict]) -> None:
    silent = [
        f"{node['name']}.{column['name']}"
        for node in marts(nodes)
        for column in node["columns"].values()
        if NUMBERS.match(column["data_type"] or "") and "additivity" not in column["config"]["meta"]
    ]
    assert not silent
    assert {meta["additivity"] for *_, meta in metas(nodes)} <= KINDS


def test_a_ratio_names_additive_measures_of_its_own_mart(nodes: list[dict]) -> None:
    known = {(model, column): meta["additivity"] for model, column, meta in metas(nodes)}
    ratios = [item for item in metas(nodes) if item[2]["additivity"] == "ratio"]
    assert ratios
    for model, column, meta in ratios:
        for part in ("numerator", "denominator"):
            assert known.get((model, meta.get(part))) in ADDITIVE, f"{model}.{column}: {part}"


def test_no_sql_sums_what_is_not_additive(nodes: list[dict]) -> None:
    forbidden = not_summable(nodes)
    compiled = [
        (node["name"], node["compiled_code"])
        for node in nodes
        if node.get("compiled_code") and node["language"] == "sql"
    ]
    assert len(compiled) > 50
    found = {
        (place, fault)
        for place, sql in [*compiled, *page_queries()]
        for fault in faults(sql, forbidden)
    }
    assert not found


@pytest.mark.parametrize(
    "sql",
    [
        "select avg(roas) from marts.fct_campaign_daily",
        "select sum(reach) from t",
        "select sum(cpm * 2) over (order by date_day) from t",
        "select sum(ctr * impressions) from t",
        "with a as (select median(ctr) as usual from t) select * from a",
    ],
)
def test_the_check_finds_faults(nodes: list[dict], sql: str) -> None:
    assert faults(sql, not_summable(nodes))
    assert not faults("select sum(cost) / sum(conversions) as cpa from t", not_summable(nodes))
