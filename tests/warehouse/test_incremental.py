"""Incremental equals full: after any history every mart is what a full build would make of it.

Two hundred accounts live random lives side by side in one warehouse, so that one build serves all
of them. CAMPAIGNS_TEST_SEED repeats the lives of a run that failed; what happened to the accounts
that differ is printed.
"""

import os
import shutil
import time
from random import Random

import duckdb

from pipeline.settings import Folder
from tests.parsed import FAILED, dbt
from tests.warehouse.histories import DAYS, Account

ACCOUNTS = 200
SEED = int(os.environ.get("CAMPAIGNS_TEST_SEED", time.time_ns() % 1_000_000))
# Rates are a seed, which a life of its own changes; tests have their own runs.
BUILD = ("build", "--exclude-resource-type", "seed", "test", "unit_test")
OTHER_VARS = ("--vars", "{reporting_currency: EUR, week_start: sunday}")
HISTORIES = {
    "dim_campaign": ("platform, account_id, campaign_id", "campaign_name, channel, status"),
    "dim_account": ("platform, account_id", "account_name, currency, time_zone"),
}
RELATIONS = """
select table_schema || '.' || table_name from information_schema.tables
where table_schema in ('marts', 'ops') and not starts_with(table_name, 'builds') order by all"""
# A row that no decimal can convert: the build fails on it half-way.
TOO_DEAR = f"""
insert into raw_files.performance by name
select 'none' as source, '' as part, 'shop_ads' as platform, 'account 0' as account_id,
    'USD' as currency, 'day' as grain, date '{DAYS[3]}' as date, 'a' as campaign_id,
    1e20::decimal(38, 9) as cost, 'too dear' as _dlt_load_id"""


def content(folder: Folder) -> dict[str, object]:
    """All marts as Arrow tables."""
    with duckdb.connect(str(folder.warehouse), read_only=True) as database:
        names = [name for (name,) in database.execute(RELATIONS).fetchall()]
        assert len(names) > 15
        return {name: database.execute(f"from {name}").to_arrow_table() for name in names}


def differing(folder: Folder, *options: str) -> dict[str, list[tuple]]:
    """Rows, by mart, that are not what a full build of the same raw tables makes."""
    incremental = content(folder)
    kept = folder.path / "kept"
    shutil.copy(folder.warehouse, kept)
    dbt(folder, *BUILD, "--full-refresh", *options)
    found = {}
    with duckdb.connect() as database:
        for name, rows in content(folder).items():
            database.register("whole", rows)
            database.register("here", incremental[name])
            rows = database.execute(
                "(select 'too much' as what, * from (from here except all from whole)) union all "
                "(select 'missing', * from (from whole except all from here))"
            ).fetchall()
            if rows:
                found[name] = rows
    kept.replace(folder.warehouse)
    return found


def change_rates(database: duckdb.DuckDBPyConnection, chance: Random) -> None:
    """Correct a rate, lose one or learn one."""
    day = str(chance.choice(DAYS))
    database.execute("delete from seeds.exchange_rates where date = ?", [day])
    for currency in chance.sample(("EUR", "SEK"), chance.randrange(3)):
        rate = f"{chance.uniform(0.1, 2):.6f}"
        database.execute("insert into seeds.exchange_rates values (?, ?, ?)", [day, currency, rate])


def test_any_history_built_step_by_step_is_what_a_full_build_makes(folder: Folder) -> None:
    chance = Random(SEED)
    accounts = [Account(number, SEED) for number in range(ACCOUNTS)]
    dbt(folder, "seed")
    with duckdb.connect(str(folder.warehouse)) as database:
        database.execute("delete from seeds.exchange_rates where date >= ?", [DAYS[0]])
    for step in range(7):
        with duckdb.connect(str(folder.warehouse)) as database:
            for account in accounts:
                account.live(step, database)
            change_rates(database, chance)
            if step == 2:
                database.execute(TOO_DEAR)
        if step == 2:
            broken = dbt(folder, *BUILD, strict=False)
            assert any(one.status in FAILED for one in broken)
            with duckdb.connect(str(folder.warehouse)) as database:
                database.execute(
                    "delete from raw_files.performance where _dlt_load_id = 'too dear'"
                )
        elif step in (1, 4):  # as a build that is killed between two tables
            models = chance.choice(("int_campaign_periods", "int_ad_daily", "int_slices"))
            dbt(folder, *BUILD, "--select", f"+{models}")
        else:
            options = OTHER_VARS if step == 6 else ()
            dbt(folder, *BUILD, *options)
            wrong = differing(folder, *options)
            text = str(wrong)
            lives = [one for one in accounts if f"'{one.id}'" in text]
            assert not wrong, f"seed {SEED}, step {step}: {wrong}; " + "; ".join(
                f"{one.id}: {one.told}" for one in lives[:3]
            )
    with duckdb.connect(str(folder.warehouse), read_only=True) as database:
        for name, (keys, facts) in HISTORIES.items():
            history = f"from marts.{name}_history"
            missing = database.execute(
                f"(select {keys}, {facts} from marts.{name}) except "
                f"(select {keys}, {facts} {history} where is_current)"
            ).fetchall()
            assert not missing
            renamed = f"select {keys} {history} group by all having count(*) > 2"
            assert len(database.execute(renamed).fetchall()) > ACCOUNTS / 20
