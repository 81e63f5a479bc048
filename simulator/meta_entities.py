"""Meta's objects: the account, and its campaigns, ad sets and ads."""

from typing import Any

from simulator.meta_params import MetaError
from simulator.meta_rows import status_sql
from simulator.portfolio import FAR, Account
from simulator.world import Moment, World

EDGES = {"campaigns": "campaign", "adsets": "adset", "ads": "ad"}
ZONE = "+0000"
COMMON = ("id", "name", "account_id", "status", "effective_status", "configured_status",
          "created_time", "updated_time")  # fmt: skip
FIELDS = {
    "campaign": (*COMMON, "objective", "buying_type", "daily_budget", "lifetime_budget",
                 "start_time", "stop_time"),
    "adset": (*COMMON, "campaign_id", "optimization_goal", "billing_event", "daily_budget",
              "lifetime_budget", "start_time"),
    "ad": (*COMMON, "campaign_id", "adset_id", "creative"),
    "account": ("id", "account_id", "name", "currency", "timezone_name", "timezone_id",
                "timezone_offset_hours_utc", "account_status", "amount_spent", "business_name",
                "created_time", "min_daily_budget"),
}  # fmt: skip
HIDDEN = ("DELETED", "ARCHIVED")  # by edges that are not asked for them


def account_object(account: Account, active: bool) -> dict[str, Any]:
    """An ad account; status 1 active, 2 disabled."""
    return {
        "id": f"act_{account.id}",
        "account_id": account.id,
        "name": account.name,
        "currency": account.currency,
        "timezone_name": account.time_zone,
        "timezone_id": 1,
        "account_status": 1 if active else 2,
        "amount_spent": "123456",
        "business_name": "Tern & Tarn",
        "created_time": f"2019-04-25T16:54:27{ZONE}",
        "min_daily_budget": 100,
    }


def objects(
    world: World, account: Account, kind: str, now: Moment, condition: str = ""
) -> list[dict[str, Any]]:
    """All objects of a kind in an account, deleted ones too, or those that meet a condition."""
    campaigns = f"({world.entities(account, now)}) as c"
    columns = (
        f"{status_sql(kind)} as effective_status, c.id as campaign_id, c.name as name,"
        " c.channel as objective, c.first_day, c.last_day, c.budget_micros, c.status"
    )
    if kind == "campaign":
        sql = f"select {columns}, c.id as id from {campaigns}"
    elif kind == "adset":
        sql = (f"select distinct {columns.replace('c.name as name', 'a.group_name as name')},"
               f" a.group_id as id from {campaigns} join ads as a on a.k = c.k")  # fmt: skip
    else:
        sql = (f"select {columns.replace('c.name as name', 'a.name as name')}, a.id as id,"
               f" a.group_id as adset_id from {campaigns} join ads as a on a.k = c.k")  # fmt: skip
    where = f" where {condition}" if condition else ""
    with world.cursor() as cursor:
        rows = cursor.sql(f"select * from ({sql}){where} order by id").to_arrow_table().to_pylist()
    return [_object(account, kind, row) for row in rows]


def _object(account: Account, kind: str, row: dict[str, Any]) -> dict[str, Any]:
    status = row["effective_status"]
    own = {"CAMPAIGN_PAUSED": "ACTIVE"}.get(status, status)
    created = f"{row['first_day']}T08:30:00{ZONE}"
    found = {
        "id": row["id"], "name": row["name"], "account_id": account.id, "status": own,
        "configured_status": own, "effective_status": status, "created_time": created,
        "updated_time": created,
    }  # fmt: skip
    if kind == "campaign":
        # Budgets are whole numbers of the smallest unit: cents, or yen.
        cents = row["budget_micros"] // account.granularity
        found |= {"objective": row["objective"], "buying_type": "AUCTION",
                  "daily_budget": str(cents), "start_time": created}  # fmt: skip
        if row["last_day"] < FAR:
            found["stop_time"] = f"{row['last_day']}T23:59:59{ZONE}"
    else:
        found["campaign_id"] = row["campaign_id"]
    if kind == "adset":
        found |= {"optimization_goal": "OFFSITE_CONVERSIONS", "billing_event": "IMPRESSIONS",
                  "start_time": "1969-12-31T15:59:59-0800"}  # fmt: skip
    if kind == "ad":
        found |= {"adset_id": row["adset_id"], "creative": {"id": f"9{row['id']}"}}
    return found


def chosen(found: dict[str, Any], kind: str, fields: list[str]) -> dict[str, Any]:
    """The fields asked for; `id` always; raises MetaError for a field that does not exist."""
    names = [name.partition("{")[0] for name in fields]
    for name in names:
        if name not in FIELDS[kind]:
            raise MetaError(100, f"(#100) Tried accessing nonexisting field ({name})")
    return {name: found[name] for name in dict.fromkeys([*names, "id"]) if name in found}
