"""Google Ads fields: which there are, where they may be asked for, and their SQL.

Entity columns come from the table that a FROM names (see ENTITIES), measures from `facts`.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from simulator.gaql import GaqlError
from simulator.portfolio import FAR, Account
from simulator.wire import PIECE

INT64, DOUBLE, TEXT, ENUM, BOOL, RAW = "int64", "double", "text", "enum", "bool", "raw"


class Field(NamedTuple):
    """SQL of a field's value and its type on the wire."""

    sql: str
    kind: str
    nullable: bool = False

    def json(self) -> str:
        """SQL of its JSON text, in pieces: int64 as strings, doubles and booleans bare."""
        match self.kind:
            case "int64" | "enum":
                return f"""'"'{PIECE}{self.sql}{PIECE}'"'"""
            case "text":
                return f"to_json({self.sql})::varchar"
            case "double":
                return f"double_text({self.sql})"
            case "bool":
                return f"({self.sql})::varchar"
        return self.sql


@dataclass(frozen=True)
class Customer:
    """Whom a query is about: an account, or a manager with its clients."""

    id: str
    account: Account | None
    clients: tuple[dict[str, Any], ...] = ()
    name: str = ""
    currency: str = "USD"
    time_zone: str = "America/New_York"
    status: str = "ENABLED"

    @property
    def card(self) -> dict[str, str]:
        """What its own fields say."""
        source = self.account or self
        return {"id": self.id, "name": source.name, "currency": source.currency,
                "time_zone": source.time_zone, "status": self.status}  # fmt: skip


@dataclass(frozen=True)
class Options:
    """What faults change in the rows."""

    unknown_enum: bool = False
    new_field: bool = False
    missing: str = ""
    indent: bool = True


# Millionths as the shortest text of the double; a ratio is a double already.
MACROS = """
create or replace macro double_text(x) as case when typeof(x) = 'DOUBLE' then x::double::varchar
    when x % 1000000 = 0 then (x::bigint // 1000000)::varchar else (x / 1e6)::varchar end;
create or replace macro per(a, b) as case when b > 0 then a::double / b else 0.0::double end;
"""

# FROM: resources whose attributes may be selected beside it
RESOURCES = {
    "customer": ("customer",),
    "customer_client": ("customer_client", "customer"),
    "campaign": ("campaign", "campaign_budget", "customer"),
    "ad_group": ("ad_group", "campaign", "customer"),
    "ad_group_ad": ("ad_group_ad", "ad_group", "campaign", "customer"),
    "campaign_budget": ("campaign_budget", "campaign", "customer"),
    "conversion_action": ("conversion_action", "customer"),
}
WITHOUT_METRICS = ("customer_client", "conversion_action")

# id, name and category of components 0, 1 and 2 of a day's conversions
ACTIONS = (
    ("681104001", "Purchase", "PURCHASE"),
    ("681104002", "Sign-up", "SIGNUP"),
    ("681104003", "Call", "PHONE_CALL_LEAD"),
)
_SUM_C, _SUM_V = "(c0 + c1 + c2)", "((v0 + v1 + v2) * {unit})"
_COST = "(cost * {unit})"

METRICS = {
    "impressions": Field("impr", INT64),
    "clicks": Field("clicks", INT64),
    "interactions": Field("clicks", INT64),
    "cost_micros": Field(_COST, INT64),
    "conversions": Field(_SUM_C, DOUBLE),
    "conversions_value": Field(_SUM_V, DOUBLE),
    "all_conversions": Field(f"({_SUM_C} + clicks * 250000)", DOUBLE),
    "all_conversions_value": Field(_SUM_V, DOUBLE),
    "view_through_conversions": Field("(impr // 9000)", INT64),
    "video_trueview_views": Field("(impr * 3 // 10)", INT64),
    "ctr": Field("per(clicks, impr)", DOUBLE),
    "average_cpc": Field(f"per({_COST}, clicks)", DOUBLE),
    "average_cpm": Field(f"per({_COST} * 1000, impr)", DOUBLE),
    "average_cost": Field(f"per({_COST}, clicks)", DOUBLE),
    "cost_per_conversion": Field(f"per({_COST} * 1000000, {_SUM_C})", DOUBLE),
    "value_per_conversion": Field(f"per({_SUM_V}, {_SUM_C})", DOUBLE),
    "conversions_from_interactions_rate": Field(f"per({_SUM_C}, clicks * 1000000)", DOUBLE),
}
OF_ACTIONS = ("conversions", "conversions_value", "all_conversions", "all_conversions_value",
              "value_per_conversion")  # fmt: skip
BUCKETS = {"week": "week", "month": "month", "quarter": "quarter", "year": "year"}
SEGMENTS = {
    "date": Field("date", ENUM),
    "week": Field("date", ENUM),
    "month": Field("date", ENUM),
    "quarter": Field("date", ENUM),
    "year": Field("year(date)", RAW),
    "day_of_week": Field("upper(dayname(date))", ENUM),
    "device": Field("label", ENUM),
    "conversion_action": Field("'customers/{id}/conversionActions/' || action_id", ENUM),
    "conversion_action_name": Field("action_name", TEXT),
    "conversion_action_category": Field("action_category", ENUM),
}


def attributes(account: Account | None, customer: dict[str, str]) -> dict[str, Field]:
    """Attributes by GAQL name; `customer` holds what differs between a manager and an account."""
    cid = customer["id"]

    def constant(text: str, kind: str) -> Field:
        return Field("'" + text.replace("'", "''") + "'", kind)

    fields = {
        "customer.resource_name": constant(f"customers/{cid}", ENUM),
        "customer.id": constant(cid, INT64),
        "customer.descriptive_name": constant(customer["name"], TEXT),
        "customer.currency_code": constant(customer["currency"], ENUM),
        "customer.time_zone": constant(customer["time_zone"], ENUM),
        "customer.manager": Field("true" if account is None else "false", BOOL),
        "customer.test_account": Field("false", BOOL),
        "customer.auto_tagging_enabled": Field("true", BOOL),
        "customer.status": constant(customer["status"], ENUM),
    }
    fields |= {
        f"customer_client.{name}": Field(sql, kind)
        for name, sql, kind in (
            ("resource_name", f"'customers/{cid}/customerClients/' || id", ENUM),
            ("client_customer", "'customers/' || id", ENUM),
            ("id", "id", INT64),
            ("descriptive_name", "name", TEXT),
            ("currency_code", "currency", ENUM),
            ("time_zone", "time_zone", ENUM),
            ("manager", "manager", BOOL),
            ("test_account", "false", BOOL),
            ("hidden", "false", BOOL),
            ("level", "level", INT64),
            ("status", "status", ENUM),
        )
    }
    fields |= {
        f"campaign.{name}": Field(sql, kind, name == "end_date_time")
        for name, sql, kind in (
            ("resource_name", f"'customers/{cid}/campaigns/' || c.id", ENUM),
            ("id", "c.id", INT64),
            ("name", "c.name", TEXT),
            ("status", "c.status", ENUM),
            ("serving_status", "case c.status when 'ENABLED' then 'SERVING' else 'ENDED' end",
             ENUM),
            ("primary_status", "case c.status when 'ENABLED' then 'ELIGIBLE' else c.status end",
             ENUM),
            ("advertising_channel_type", "c.channel", ENUM),
            ("bidding_strategy_type", "'MAXIMIZE_CONVERSION_VALUE'", ENUM),
            ("campaign_budget", f"'customers/{cid}/campaignBudgets/' || (c.k + 970000)", ENUM),
            ("start_date_time", "strftime(c.first_day, '%Y-%m-%d 00:00:00')", ENUM),
            ("end_date_time", f"""'"' || case when c.last_day < date '{FAR}'
             then strftime(c.last_day, '%Y-%m-%d 23:59:59') end || '"'""", RAW),
        )
    }  # fmt: skip
    fields |= {
        f"campaign_budget.{name}": Field(sql, kind)
        for name, sql, kind in (
            ("resource_name", f"'customers/{cid}/campaignBudgets/' || (c.k + 970000)", ENUM),
            ("id", "(c.k + 970000)", INT64),
            ("name", "c.name", TEXT),
            ("amount_micros", "c.budget_micros", INT64),
            ("status", "case c.status when 'REMOVED' then 'REMOVED' else 'ENABLED' end", ENUM),
            ("period", "'DAILY'", ENUM),
            ("delivery_method", "'STANDARD'", ENUM),
            ("explicitly_shared", "false", BOOL),
            ("reference_count", "1", INT64),
        )
    }
    fields |= {
        f"ad_group.{name}": Field(sql, kind)
        for name, sql, kind in (
            ("resource_name", f"'customers/{cid}/adGroups/' || a.group_id", ENUM),
            ("id", "a.group_id", INT64),
            ("name", "a.group_name", TEXT),
            ("status", "'ENABLED'", ENUM),
            ("type", "case c.channel when 'SEARCH' then 'SEARCH_STANDARD' when 'SHOPPING' then "
             "'SHOPPING_PRODUCT_ADS' else 'DISPLAY_STANDARD' end", ENUM),
            ("campaign", f"'customers/{cid}/campaigns/' || c.id", ENUM),
            ("cpc_bid_micros", "1000000", INT64),
        )
    }  # fmt: skip
    name = "ad_group_ad."
    path = f"'customers/{cid}/adGroupAds/' || a.group_id || '~' || a.id"
    fields |= {
        f"{name}resource_name": Field(path, ENUM),
        f"{name}status": Field("'ENABLED'", ENUM),
        f"{name}ad_group": Field(f"'customers/{cid}/adGroups/' || a.group_id", ENUM),
        f"{name}policy_summary.approval_status": Field("'APPROVED'", ENUM),
        f"{name}ad.resource_name": Field(f"'customers/{cid}/ads/' || a.id", ENUM),
        f"{name}ad.id": Field("a.id", INT64),
        # Most kinds of ads have no name: then the key is absent.
        f"{name}ad.name": Field(
            "case when a.key % 3 <> 1 then to_json(a.name)::varchar end", RAW, nullable=True
        ),
        f"{name}ad.type": Field("'RESPONSIVE_SEARCH_AD'", ENUM),
        f"{name}ad.final_urls": Field("""'["https://www.tern-and-tarn.example/"]'""", RAW),
    }
    fields |= {
        f"conversion_action.{name}": Field(sql, kind)
        for name, sql, kind in (
            ("resource_name", f"'customers/{cid}/conversionActions/' || action_id", ENUM),
            ("id", "action_id", INT64),
            ("name", "action_name", TEXT),
            ("category", "action_category", ENUM),
            ("status", "'ENABLED'", ENUM),
            ("type", "'WEBPAGE'", ENUM),
            ("primary_for_goal", "true", BOOL),
        )
    }
    return fields


def check(name: str, resource: str, known: dict[str, Field]) -> None:
    """See that a field exists and goes with FROM; raises GaqlError."""
    kind, _, rest = name.partition(".")
    if kind == "metrics" and rest in METRICS:
        if resource in WITHOUT_METRICS:
            raise GaqlError(
                "PROHIBITED_METRIC_IN_SELECT_OR_WHERE_CLAUSE",
                f"Cannot select or filter on the following metrics: '{name}' "
                f"(metric is incompatible with the resource '{resource}' in the FROM clause).",
            )
    elif kind == "segments" and rest in SEGMENTS:
        if resource in (*WITHOUT_METRICS, "campaign_budget") and rest != "date":
            raise GaqlError(
                "PROHIBITED_SEGMENT_IN_SELECT_OR_WHERE_CLAUSE",
                f"Cannot select or filter on the following segments: '{name}'.",
            )
    elif name not in known:
        raise GaqlError("UNRECOGNIZED_FIELD", f"Error in query: unrecognized field: '{name}'.")
    elif kind not in RESOURCES[resource]:
        raise GaqlError(
            "PROHIBITED_RESOURCE_TYPE_IN_SELECT_CLAUSE",
            f"The following resource type is not allowed in the SELECT clause: '{kind}'.",
        )
