"""What is asked of Meta: reports and entities, and the raw tables that they fill."""

from dataclasses import dataclass

import pyarrow as pa

from ingestion.contract import MONEY, Table
from ingestion.plan import Question, Report, daily, entity

STEP = 90
WINDOWS = ("1d_click", "7d_click", "28d_click", "1d_view", "1d_ev")
CAMPAIGN = ("campaign_id", "campaign_name")
AD = {
    "ad_group_id": "adset_id",
    "ad_group_name": "adset_name",
    "ad_id": "ad_id",
    "ad_name": "ad_name",
}
# The column, and the breakdowns that fill it: the second where the first is refused.
DEVICE = "device_platform"
DEVICES = (DEVICE, "impression_device")
STATUSES = ("ACTIVE", "PAUSED", "DELETED", "ARCHIVED", "IN_PROCESS", "WITH_ISSUES")
AD_SET_STATUSES = (*STATUSES, "CAMPAIGN_PAUSED")
AD_STATUSES = (
    *AD_SET_STATUSES,
    "ADSET_PAUSED",
    "PENDING_REVIEW",
    "DISAPPROVED",
    "PREAPPROVED",
    "PENDING_BILLING_INFO",
)

CONVERSIONS = {
    f"{measure}{window}": MONEY
    for measure in ("conversions", "conversion_value")
    for window in ("", *(f"_{window}" for window in WINDOWS))
}
MEASURES = {
    "spend": MONEY,
    "impressions": pa.int64(),
    "clicks": pa.int64(),
    "inline_link_clicks": pa.int64(),
    "reach": pa.int64(),
} | CONVERSIONS
LISTS = ("actions", "action_values")
ZERO = (
    "spend",
    "impressions",
    "clicks",
    "inline_link_clicks",
    "conversions",
    "conversion_value",
)
SUMS = {
    "impressions": "impressions",
    "clicks": "inline_link_clicks",
    "cost": "spend",
    "conversions": "conversions",
    "conversion_value": "conversion_value",
}
CHECKS = (
    (
        "case when count(inline_link_clicks) = 0 "
        """then count(*) filter (actions like '%"link_click"%') else 0 end""",
        "rows have link clicks among their actions, none has inline_link_clicks",
    ),
    (
        "case when count(actions) = 0 then count(action_values) else 0 end",
        "rows have action_values, none has actions",
    ),
)


def _report(name: str, texts: tuple[str, ...], key: tuple[str, ...]) -> Report:
    return Report(
        table=daily(
            name,
            (
                "account_currency",
                *CAMPAIGN,
                *texts,
                "conversion_action",
                "actions",
                "action_values",
            ),
            **MEASURES,
        ),
        key=key,
        required=("date", *(column for column in key if column != DEVICE)),
        measured=("spend", "impressions", "clicks"),
        zero=ZERO,
        sums=SUMS,
        checks=CHECKS,
    )


ACTIONS = Report(
    table=daily(
        "campaign_conversion_action",
        (*CAMPAIGN, "action_type"),
        is_chosen=pa.bool_(),
        **CONVERSIONS,
    ),
    key=("campaign_id", "action_type"),
    required=("date", "campaign_id", "action_type"),
    measured=(),
    zero=("conversions", "conversion_value"),
    sums={
        measure: f"case when is_chosen then {measure} end"
        for measure in ("conversions", "conversion_value")
    },
)
# The actions of the campaign report, one row each: they need no question of their own.
QUESTIONS = (
    Question("campaign", (_report("campaign", (), ("campaign_id",)), ACTIONS), STEP),
    Question("ad", (_report("ad", tuple(AD), ("campaign_id", "ad_group_id", "ad_id")),), STEP),
    Question(
        "campaign_device", (_report("campaign_device", (DEVICE,), ("campaign_id", DEVICE)),), STEP
    ),
)


@dataclass(frozen=True)
class Edge:
    """A list of an account's objects: its path, its columns' fields and what it can do without."""

    table: Table
    path: str
    statuses: tuple[str, ...]
    fields: dict[str, str]
    optional: frozenset[str]

    @property
    def ids(self) -> list[str]:
        """Columns that every row has."""
        return [name for name in self.fields if name.endswith("_id")]


MONEYS = ("daily_budget", "lifetime_budget")
TIMES = ("start_time", "stop_time")
EDGES = (
    Edge(
        entity(
            "campaigns",
            ("campaign_id", "campaign_name", "status", "effective_status", "objective", *TIMES),
            **dict.fromkeys(MONEYS, pa.int64()),
        ),
        "campaigns",
        STATUSES,
        {
            "campaign_id": "id",
            "campaign_name": "name",
            **{name: name for name in ("status", "effective_status", "objective")},
            **{name: name for name in (*TIMES, *MONEYS)},
        },
        frozenset({"objective", *TIMES, *MONEYS}),
    ),
    Edge(
        entity(
            "ad_groups",
            ("campaign_id", "ad_group_id", "ad_group_name", "status", "effective_status"),
            **dict.fromkeys(MONEYS, pa.int64()),
        ),
        "adsets",
        AD_SET_STATUSES,
        {
            "campaign_id": "campaign_id",
            "ad_group_id": "id",
            "ad_group_name": "name",
            **{name: name for name in ("status", "effective_status", *MONEYS)},
        },
        frozenset(MONEYS),
    ),
    Edge(
        entity(
            "ads",
            ("campaign_id", "ad_group_id", "ad_id", "ad_name", "status", "effective_status"),
        ),
        "ads",
        AD_STATUSES,
        {
            "campaign_id": "campaign_id",
            "ad_group_id": "adset_id",
            "ad_id": "id",
            "ad_name": "name",
            "status": "status",
            "effective_status": "effective_status",
        },
        frozenset(),
    ),
)
# Budgets stand on campaigns or on ad sets, in the smallest unit of the currency (cents, yen).
BUDGETS = entity("budgets", ("campaign_id", "ad_group_id"), **dict.fromkeys(MONEYS, pa.int64()))
