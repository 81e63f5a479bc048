"""Anomalies and insights: rows of a mart, filtered by what its columns say."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from api.engine import Reports
from api.errors import unknown
from api.http.running import Cursor
from api.report import Column, Kind, Report
from api.request import Day

Text = Annotated[str, Field(max_length=200)]
COLUMNS = """
select column_name, data_type from duckdb_columns()
where database_name = 'snapshot' and schema_name = 'marts' and table_name = $mart
order by column_index"""
KINDS: dict[str, Kind] = {
    "VARCHAR": "text",
    "DATE": "date",
    "INTEGER": "integer",
    "BIGINT": "integer",
    "DECIMAL": "decimal",
    "DOUBLE": "double",
    "BOOLEAN": "boolean",
}


@dataclass(frozen=True)
class Listed:
    """A mart that is listed: which of its rows, and which column says how dear one is."""

    name: str
    mart: str
    condition: str
    money: str


ANOMALIES = Listed("anomalies", "fct_campaign_anomalies", "is_anomaly", "money_at_stake")
INSIGHTS = Listed("insights", "fct_insights", "true", "impact_amount")
KEYS = ("platform", "account_id", "campaign_id", "level", "metric", "insight_id")


class Page(BaseModel):
    """Which rows, and how they are written."""

    model_config = ConfigDict(extra="forbid")

    offset: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0
    format: Annotated[str | None, Field(max_length=20, description="Instead of Accept.")] = None
    locale: Annotated[str | None, Field(max_length=40, description="As in de_DE.")] = None


class AboutCampaigns(Page):
    """Filters that both lists have."""

    limit: Annotated[int, Field(ge=1, le=10_000)] = 100
    since: Annotated[Day | None, Field(description="First day.")] = None
    until: Annotated[Day | None, Field(description="Last day.")] = None
    platform: Text | None = None
    account_id: Text | None = None
    campaign_id: Text | None = None


class AnomalyQuery(AboutCampaigns):
    """Flagged days, the newest and dearest first."""

    level: Annotated[Text | None, Field(description="What is judged: account or campaign.")] = None
    metric: Text | None = None
    incident_id: Text | None = None
    anomaly_kind: Annotated[Text | None, Field(description="spike, drop or flatline.")] = None


class InsightQuery(AboutCampaigns):
    """Recommendations, the newest and dearest first."""

    severity: Literal["critical", "warning", "info"] | None = None
    rule: Text | None = None


def anomalies(reports: Reports, query: AnomalyQuery, on_cursor: Callable[[Cursor], None]) -> Report:
    """List flagged days."""
    return _listed(reports, ANOMALIES, query, on_cursor)


def insights(reports: Reports, query: InsightQuery, on_cursor: Callable[[Cursor], None]) -> Report:
    """List recommendations; an older snapshot has none, which its coverage says."""
    return _listed(reports, INSIGHTS, query, on_cursor)


def _listed(
    reports: Reports, listed: Listed, query: AboutCampaigns, on_cursor: Callable[[Cursor], None]
) -> Report:
    live = reports.live()
    cursor = live.database.cursor()
    on_cursor(cursor)
    try:
        # What is no plain type (JSON, for one) is written as text.
        types = {
            name: KINDS.get(kind.split("(")[0], "text")
            for name, kind in cursor.execute(COLUMNS, {"mart": listed.mart}).fetchall()
        }
        rows = pa.table({})
        if types:
            rows = cursor.execute(*_question(listed, types, query)).to_arrow_table()
    finally:
        cursor.close()
    days = rows.column("date_day").to_pylist() if types else []
    currency = live.catalogue.currency
    return Report(
        name=listed.name,
        start=query.since or min(days, default=live.last_day),
        end=query.until or max(days, default=live.last_day),
        currency=currency,
        columns=tuple(
            Column(
                name,
                kind,
                name.replace("_", " ").capitalize(),
                currency if name == listed.money else None,
                "none" if name == listed.money else None,
            )
            for name, kind in types.items()
        ),
        rows=rows.slice(0, query.limit) if types else rows,
        snapshot=live.version,
        generated_at=datetime.now(UTC),
        coverage={"notes": [] if types else [f"This snapshot has no {listed.name}."]},
        offset=query.offset,
        has_more=rows.num_rows > query.limit,
    )


def _question(
    listed: Listed, types: dict[str, Kind], query: AboutCampaigns
) -> tuple[str, dict[str, Any]]:
    """Give SQL and its parameters; one row more than is wanted says whether more follow."""
    values = query.model_dump(exclude={"limit", *Page.model_fields}, exclude_none=True)
    signs = {"since": ("date_day", ">="), "until": ("date_day", "<=")}
    filters = {name: signs.get(name, (name, "=")) for name in values}
    for column, _ in filters.values():
        if column not in types:
            raise unknown("column", column, types, column)
    wanted = [
        listed.condition,
        *(f'"{column}" {sign} ${name}' for name, (column, sign) in filters.items()),
    ]
    picked = (
        f'cast("{name}" as varchar) as "{name}"' if kind == "text" else f'"{name}"'
        for name, kind in types.items()
    )
    order = ["date_day desc", f"{listed.money} desc nulls last", *(k for k in KEYS if k in types)]
    return (
        f"select {', '.join(picked)} from snapshot.marts.{listed.mart} "
        f"where {' and '.join(wanted)} order by {', '.join(order)} "
        f"limit {query.limit + 1} offset {query.offset}",
        values,
    )
