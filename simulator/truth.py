"""What really happened in the simulated accounts, as tables with exact decimals.

Measures: `clicks` are link clicks on Meta (`clicks_all` beside them); `conversions` are all
conversion actions on Google, purchases within 7 days of a click or 1 of a view on Meta; money is
in account currency. Rows without delivery are left out, as on the wire.
"""

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from simulator.facts import SETTLED
from simulator.google_fields import ACTIONS
from simulator.portfolio import ACCOUNTS, FAR, GOOGLE, HOLIDAYS, Account, Incident
from simulator.world import Moment, World

REPORTS = ("campaign", "ad", "campaign_device", "campaign_conversion_action")
ENTITIES = ("accounts", "campaigns", "ad_groups", "ads", "budgets")
PURCHASES = ("omni_purchase", "purchase", "offsite_conversion.fb_pixel_purchase",
             "onsite_web_purchase")  # fmt: skip


def _exact(sql: str) -> str:
    """Millionths as a decimal."""
    return f"cast(({sql})::decimal(24, 0) * 0.000001::decimal(7, 6) as decimal(38, 9))"


def truth(world: World, now: Moment, report: str) -> pa.Table:
    """A report of REPORTS or ENTITIES over all accounts, as it stands at `now`.

    Raises ValueError for an unknown report.
    """
    if report in ENTITIES:
        queries = [_entities(world, account, now, report) for account in ACCOUNTS]
    elif report in REPORTS:
        queries = [_days(world, account, now, report) for account in ACCOUNTS]
    else:
        raise ValueError(f"no such report: {report}; there are {', '.join(REPORTS + ENTITIES)}")
    with world.cursor() as cursor:
        return pa.concat_tables(cursor.sql(sql).order("all").to_arrow_table() for sql in queries)


def incidents(world: World) -> pa.Table:
    """What was planted, and the holidays (without a campaign); both days are inclusive."""
    rows = [i._asdict() for i in world.incidents if i.last_day >= world.first_day]
    last = world.anchor + timedelta(SETTLED)
    for account in ACCOUNTS:
        for (country, month, day), (_, _, name) in HOLIDAYS.items():
            for year in range(world.first_day.year, last.year + 1):
                on = world.anchor.replace(year, month, day)
                if country == account.country and world.first_day <= on <= last:
                    holiday = Incident("holiday", account.platform, account.id, None,
                                       "impressions", on, on, name)  # fmt: skip
                    rows.append(holiday._asdict())
    return pa.Table.from_pylist(rows)


def write_truth(world: World, folder: Path, now: Moment) -> list[Path]:
    """Write every report, the entities and the incidents as Parquet files below `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = {name: truth(world, now, name) for name in REPORTS + ENTITIES}
    written = []
    for name, table in {**tables, "incidents": incidents(world)}.items():
        written.append(folder / f"{name}.parquet")
        pq.write_table(table, written[-1])
    return written


def _days(world: World, account: Account, now: Moment, report: str) -> str:
    google, unit = account.platform == GOOGLE, account.granularity
    today, _ = world.today(account, now)
    level = "ad" if report == "ad" else "campaign"
    family = {"campaign_device": "device" if google else "device_platform"}.get(report, "")
    facts = world.facts(account, world.first_day, today, now, level, family)
    names = f"""'{account.platform}' as platform, '{account.id}' as account_id,
        c.id as campaign_id"""
    joined = f"({facts}) as f join ({world.entities(account, now)}) as c on c.k = f.k"
    if report == "campaign_conversion_action":
        return _by_action(account, names, facts, world.entities(account, now))
    keys = {"ad": ", a.group_id as ad_group_id, a.id as ad_id",
            "campaign_device": ", f.label as device"}.get(report, "")  # fmt: skip
    if report == "ad":
        joined += " join ads as a on a.part = f.part"
    clicks = "f.clicks" if google else "f.links"
    conversions, value = _sums(account)
    return f"""
        select {names}{keys}, f.date, '{account.currency}' as currency, f.impr as impressions,
          {clicks} as clicks, f.clicks as clicks_all, {_exact(f"f.cost * {unit}")} as cost,
          {_exact(conversions)} as conversions, {_exact(f"{value} * {unit}")} as conversion_value
        from {joined}"""


def _sums(account: Account) -> tuple[str, str]:
    """Conversions in millionths and their value in units."""
    if account.platform == GOOGLE:
        return "f.c0 + f.c1 + f.c2", "(f.v0 + f.v1 + f.v2)"
    return "(f.c0 + f.c1 + f.c3) * 1000000", "(f.v0 + f.v1 + f.v3)"


def _by_action(account: Account, names: str, facts: str, entities: str) -> str:
    """One row a conversion action (Google) or action type of purchases (Meta)."""
    if account.platform == GOOGLE:
        actions = [(name, f"f.c{n}", f"f.v{n}") for n, (_, name, _) in enumerate(ACTIONS)]
    else:
        actions = [(name, *_sums(account)) for name in PURCHASES]
    days = " union all ".join(
        f"""select {names}, '{action}' as action, f.date, '{account.currency}' as currency,
              {_exact(conversions)} as conversions,
              {_exact(f"{value} * {account.granularity}")} as conversion_value
            from f join c using (k) where {conversions} > 0 or {value} > 0"""
        for action, conversions, value in actions
    )
    return f"with f as materialized ({facts}), c as materialized ({entities}) {days}"


def _entities(world: World, account: Account, now: Moment, report: str) -> str:
    """Entities with today's names; `status` in Google's words on both platforms."""
    campaigns = f"({world.entities(account, now)}) as c"
    ids = f"'{account.platform}' as platform, '{account.id}' as account_id"
    name = account.name.replace("'", "''")
    match report:
        case "accounts":
            return (f"select {ids}, '{name}' as name, '{account.currency}' as currency,"
                    f" '{account.time_zone}' as time_zone")  # fmt: skip
        case "campaigns":
            last = f"case when last_day < date '{FAR}' then last_day end as last_day"
            return f"select {ids}, id, name, status, channel, first_day, {last} from {campaigns}"
        case "budgets":
            amount = f"{_exact('budget_micros')} as daily_amount"
            return f"select {ids}, id as campaign_id, {amount} from {campaigns}"
        case "ad_groups":
            return (
                f"select distinct {ids}, c.id as campaign_id, a.group_id as id,"
                f" a.group_name as name from {campaigns} join ads as a on a.k = c.k"
            )
    return (f"select {ids}, c.id as campaign_id, a.group_id as ad_group_id, a.id, a.name"
            f" from {campaigns} join ads as a on a.k = c.k")  # fmt: skip
