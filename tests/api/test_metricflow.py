"""MetricFlow compiles every metric from what was published, and its SQL gives the same figures."""

import json
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from api.engine import Reports

START, END = date(2026, 1, 7), date(2026, 3, 10)
GRAINS = ("day", "week", "month", "quarter", "year")
FINER = {"fct_campaign_device_daily": "device", "fct_ad_daily": "ad_id"}


class MetricFlow:
    """The engine of MetricFlow over a semantic manifest, which only compiles."""

    def __init__(self, manifest: str) -> None:
        from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
        from metricflow.protocols.sql_client import SqlEngine
        from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
        from metricflow_semantics.model.dbt_manifest_parser import (
            parse_manifest_from_dbt_generated_manifest,
        )
        from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

        self.request = MetricFlowQueryRequest
        client: Any = SimpleNamespace(
            sql_engine_type=SqlEngine.DUCKDB, sql_plan_renderer=DuckDbSqlPlanRenderer()
        )
        found = parse_manifest_from_dbt_generated_manifest(manifest)
        self.saved = [query.name for query in found.saved_queries]
        self.engine = MetricFlowEngine(SemanticManifestLookup(found), client)

    def sql(self, **asked: Any) -> str:
        explained = self.engine.explain(self.request.create(**asked))
        return explained.sql_statement.sql


@pytest.fixture(scope="module")
def manifest(world: Path) -> str:
    return (world / "published" / "semantic-world.json").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def metricflow(manifest: str) -> MetricFlow:
    return MetricFlow(manifest)


def ranged() -> list[str]:
    """The range by days, for weeks are cut where it begins and ends."""
    day = "{{ TimeDimension('metric_time', 'day') }}"
    return [f"{day} >= '{START}'", f"{day} <= '{END}'"]


def rows(database: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    def plain(value: Any) -> Any:
        return value.date() if isinstance(value, datetime) else value

    found = database.execute(sql).fetchall()
    return sorted(tuple(plain(value) for value in row) for row in found)


def test_every_metric_is_the_same_figure(
    reports: Reports, by_hand: duckdb.DuckDBPyConnection, metricflow: MetricFlow
) -> None:
    """By platform at one of the grains each, money of the account by currency."""
    metrics = reports.metrics()
    assert len(metrics) > 40
    for index, metric in enumerate(metrics):
        split = "currency" if metric.name.endswith("_local") else "platform"
        grain = GRAINS[index % 5]
        sql = metricflow.sql(
            metric_names=[metric.name],
            group_by_names=[f"metric_time__{grain}", f"campaign_day__{split}"],
            where_constraints=[
                *ranged(),
                "{{ Dimension('campaign_day__" + split + "') }} is not null",
            ],
        )
        ours = reports.query(
            metrics=[metric.name],
            by=[grain, split],
            since=START,
            until=END,
            where=f"{split} is not null",
        )
        names = ["date", split, metric.name]
        told = [tuple(row[name] for name in names) for row in ours.to_pylist()]
        assert told == rows(by_hand, sql), (metric.name, grain)


@pytest.mark.parametrize("mart", FINER)
def test_finer_marts_hold_the_same_metrics(
    reports: Reports, by_hand: duckdb.DuckDBPyConnection, manifest: str, mart: str
) -> None:
    """What MetricFlow says of the campaign mart, said of a finer one."""
    models = json.loads(manifest)
    campaign = next(one for one in models["semantic_models"] if one["name"] == "fct_campaign_daily")
    finer = next(one for one in models["semantic_models"] if one["name"] == mart)
    campaign["node_relation"] = finer["node_relation"]
    campaign["dimensions"] = finer["dimensions"]
    models["semantic_models"].remove(finer)
    metricflow = MetricFlow(json.dumps(models))
    keys = ["platform", "account_id", "campaign_id"]
    keys += ["device"] if mart == "fct_campaign_device_daily" else ["ad_group_id", "ad_id"]
    sql = metricflow.sql(
        metric_names=["impressions", "cost", "roas", "cpm"],
        group_by_names=[*(f"campaign_day__{key}" for key in keys)],
        where_constraints=ranged(),
    )
    ours = reports.query(
        metrics=["impressions", "cost", "roas", "cpm"],
        by=["campaign_id", FINER[mart]],
        since=START,
        until=END,
    )
    assert sorted((tuple(row.values()) for row in ours.to_pylist()), key=str) == sorted(
        by_hand.execute(sql).fetchall(), key=str
    )


def test_saved_queries_run(by_hand: duckdb.DuckDBPyConnection, metricflow: MetricFlow) -> None:
    assert metricflow.saved
    for name in metricflow.saved:
        assert by_hand.execute(metricflow.sql(saved_query_name=name)).fetchall()
