"""What is asked of Google Ads: the reports and entities as GAQL, and the raw tables they fill."""

import re
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from ingestion.contract import MONEY
from ingestion.plan import Report, daily, entity

CAMPAIGN = {
    "account_id": "customer.id",
    "date": "segments.date",
    "campaign_id": "campaign.id",
    "campaign_name": "campaign.name",
    "campaign_status": "campaign.status",
    "advertising_channel_type": "campaign.advertising_channel_type",
}
CONVERSIONS = {
    "conversions": "metrics.conversions",
    "conversions_value": "metrics.conversions_value",
}
METRICS = {
    "impressions": "metrics.impressions",
    "clicks": "metrics.clicks",
    "cost_micros": "metrics.cost_micros",
} | CONVERSIONS
TYPES = {
    "impressions": pa.int64(),
    "clicks": pa.int64(),
    "cost_micros": pa.int64(),
    "conversions": MONEY,
    "conversions_value": MONEY,
}
SUMS = {
    "impressions": "impressions",
    "clicks": "clicks",
    "cost": "cast(cast(cost_micros as decimal(20, 0)) * 0.000001 as decimal(38, 9))",
    "conversions": "conversions",
    "conversion_value": "conversions_value",
}


@dataclass(frozen=True)
class Query:
    """GAQL: a resource, the fields of its columns, and columns that it can do without."""

    resource: str
    fields: dict[str, str]
    optional: frozenset[str] = frozenset()

    def without(self, columns: set[str]) -> "Query":
        """Leave optional columns out."""
        fields = {name: path for name, path in self.fields.items() if name not in columns}
        return Query(self.resource, fields, self.optional - columns)

    def text(self, since: date | None = None, until: date | None = None) -> str:
        """Write the query, over days where given."""
        select = f"SELECT {', '.join(self.fields.values())} FROM {self.resource}"
        return f"{select} WHERE segments.date BETWEEN '{since}' AND '{until}'" if since else select


def _report(
    name: str, query: Query, key: tuple[str, ...], metrics: dict[str, str]
) -> tuple[Report, Query]:
    query = Query(query.resource, query.fields | metrics, query.optional)
    texts = tuple(name for name in query.fields if name not in ("account_id", "date", *metrics))
    counts = tuple(name for name in metrics if name not in CONVERSIONS)
    conversions = tuple(name for name in metrics if name in CONVERSIONS)
    report = Report(
        table=daily(name, texts, **{name: TYPES[name] for name in metrics}),
        key=key,
        required=("date", "campaign_id", *(part for part in key if part != "campaign_id"), *counts),
        measured=conversions,
        zero=conversions,
        sums={
            measure: sql
            for measure, sql in SUMS.items()
            if counts or measure in ("conversions", "conversion_value")
        },
    )
    return report, query


AD = {
    "ad_group_id": "ad_group.id",
    "ad_group_name": "ad_group.name",
    "ad_id": "ad_group_ad.ad.id",
}
ACTION = {
    "conversion_action": "segments.conversion_action",
    "conversion_action_name": "segments.conversion_action_name",
}
REPORTS = [
    _report("campaign", Query("campaign", CAMPAIGN), ("campaign_id",), METRICS),
    _report(
        "ad",
        Query("ad_group_ad", CAMPAIGN | AD, frozenset({"ad_group_name"})),
        ("campaign_id", "ad_group_id", "ad_id"),
        METRICS,
    ),
    _report(
        "campaign_device",
        Query("campaign", CAMPAIGN | {"device": "segments.device"}),
        ("campaign_id", "device"),
        METRICS,
    ),
    _report(
        "campaign_conversion_action",
        Query("campaign", CAMPAIGN | ACTION, frozenset({"conversion_action_name"})),
        ("campaign_id", "conversion_action"),
        CONVERSIONS,
    ),
]
ENTITIES = [
    (
        entity(
            "campaigns",
            (
                "campaign_id",
                "campaign_name",
                "status",
                "advertising_channel_type",
                "start_date_time",
                "end_date_time",
                "budget",
            ),
        ),
        Query(
            "campaign",
            {
                "campaign_id": "campaign.id",
                "campaign_name": "campaign.name",
                "status": "campaign.status",
                "advertising_channel_type": "campaign.advertising_channel_type",
                "start_date_time": "campaign.start_date_time",
                "end_date_time": "campaign.end_date_time",
                "budget": "campaign.campaign_budget",
            },
            frozenset({"start_date_time", "end_date_time", "budget"}),
        ),
    ),
    (
        entity("ad_groups", ("campaign_id", "ad_group_id", "ad_group_name", "status")),
        Query(
            "ad_group",
            {
                "campaign_id": "campaign.id",
                "ad_group_id": "ad_group.id",
                "ad_group_name": "ad_group.name",
                "status": "ad_group.status",
            },
        ),
    ),
    (
        entity("ads", ("campaign_id", "ad_group_id", "ad_id", "ad_name", "ad_type", "status")),
        Query(
            "ad_group_ad",
            {
                "campaign_id": "campaign.id",
                "ad_group_id": "ad_group.id",
                "ad_id": "ad_group_ad.ad.id",
                "ad_name": "ad_group_ad.ad.name",
                "ad_type": "ad_group_ad.ad.type",
                "status": "ad_group_ad.status",
            },
            frozenset({"ad_name", "ad_type"}),
        ),
    ),
    (
        entity(
            "budgets", ("budget_id", "budget_name", "period", "status"), amount_micros=pa.int64()
        ),
        Query(
            "campaign_budget",
            {
                "budget_id": "campaign_budget.id",
                "budget_name": "campaign_budget.name",
                "amount_micros": "campaign_budget.amount_micros",
                "period": "campaign_budget.period",
                "status": "campaign_budget.status",
            },
            frozenset({"budget_name", "period", "status"}),
        ),
    ),
]
CUSTOMER = Query(
    "customer",
    {
        "id": "customer.id",
        "name": "customer.descriptive_name",
        "currency": "customer.currency_code",
        "time_zone": "customer.time_zone",
        "status": "customer.status",
        "manager": "customer.manager",
    },
    frozenset({"name", "status", "manager"}),
)
CLIENTS = Query(
    "customer_client",
    {
        "client": "customer_client.client_customer",
        "level": "customer_client.level",
        "manager": "customer_client.manager",
        "currency": "customer_client.currency_code",
        "time_zone": "customer_client.time_zone",
        "status": "customer_client.status",
        "id": "customer_client.id",
        "name": "customer_client.descriptive_name",
    },
    frozenset({"name", "status"}),
)
QUERIES = {report.name: query for report, query in REPORTS}


def camel(path: str) -> str:
    """Write a GAQL field as its JSON path: ad_group_ad.ad.id is adGroupAd.ad.id."""
    return re.sub(r"_(\w)", lambda match: match.group(1).upper(), path)
