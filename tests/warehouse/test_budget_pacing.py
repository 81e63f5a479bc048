"""Budgets as of each day: bands against what came, and rows that never change afterwards."""

import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from pipeline.publish import snapshot_path
from pipeline.settings import Folder
from scorecard.rules import compiled
from simulator.portfolio import Scale
from simulator.world import ANCHOR, World

CALLS = (
    "spend_habits('given', 'entity', 'spend')",
    "project_spend('habits', 'questions', 'entity')",
)
CLAIM, WITHIN = 0.8, 0.03
# Seeds that the band was not made with.
SEEDS = range(300, 306)
Project = Callable[[duckdb.DuckDBPyConnection], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def project() -> Project:
    """Run the macros over the tables `given` and `questions`."""
    habits, answers = compiled(CALLS)
    sql = f"with habits as ({habits}), answers as ({answers}) from answers order by all"

    def run(database: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
        return database.execute(sql).to_arrow_table().to_pylist()

    return run


def test_bands_hold_as_many_month_ends_as_they_claim(project: Project) -> None:
    with duckdb.connect() as database:
        database.execute("create table given (entity varchar, date_day date, spend decimal(38, 9))")
        for seed in SEEDS:
            world = World(seed, Scale(5, 3, 0, 0, 180))
            database.register("truth", world.truth(ANCHOR, "campaign"))
            database.execute(f"""
                insert into given
                with lives as (
                    select platform, account_id, campaign_id,
                        unnest(generate_series(min(date)::timestamp, timestamp '{ANCHOR}'
                            - interval 1 day, interval 1 day))::date as date
                    from truth group by all
                )
                select concat_ws('/', {seed}, platform, account_id, campaign_id), date,
                    coalesce(cost, 0)
                from lives left join truth using (platform, account_id, campaign_id, date)""")
            world.close()
        database.execute("""
            create table questions as
            select entity, date_day, last_day(date_day) - date_day as days_left, 0 as days_unread
            from given
            where last_day(date_day) > date_day
                and last_day(date_day) <= (select max(date_day) from given)""")
        answers = pa.Table.from_pylist(project(database))
        database.register("answers", answers)
        held = database.execute("""
            select least(3, days_left // 7) as weeks, count(*),
                count_if(abs(spent - expected) <= margin)
            from (
                select answers.*, sum(given.spend)::double as spent
                from answers join given on given.entity = answers.entity
                    and given.date_day > answers.date_day
                    and given.date_day <= answers.date_day + answers.days_left::int
                where margin is not null group by all
            ) group by all order by all""").fetchall()
    shares = {weeks: inside / rows for weeks, rows, inside in held}
    shares["all"] = sum(row[2] for row in held) / sum(row[1] for row in held)
    print(shares)
    assert sum(row[1] for row in held) > 20_000
    assert all(abs(share - CLAIM) <= WITHIN for share in shares.values())


def random_days(draw: random.Random, entity: str, days: int) -> list[tuple]:
    level = draw.uniform(0, 1000)
    return [
        (entity, date(2026, 1, 1) + timedelta(n),
         None if draw.random() < 0.05 else round(level * draw.uniform(0.5, 1.5), 2))
        for n in range(days)
    ]  # fmt: skip


def test_later_days_and_other_budgets_change_no_projection(project: Project) -> None:
    """Nothing that comes afterwards, in whatever order, reaches a row."""
    draw = random.Random(5)
    alone = random_days(draw, "a", 90)
    others = [row for entity in "bcd" for row in random_days(draw, entity, 120)]
    later = [("a", day, 1e6) for _, day, _ in random_days(draw, "a", 150)[90:]]
    shuffled = [*others, *later, *alone]
    draw.shuffle(shuffled)
    seen = []
    for rows in (alone, shuffled):
        with duckdb.connect() as database:
            database.execute("create table given (entity varchar, date_day date, spend double)")
            database.executemany("insert into given values (?, ?, ?)", rows)
            database.execute("""
                create table questions as
                select entity, date_day, (dayofmonth(date_day) * 7) % 31 as days_left,
                    dayofmonth(date_day) % 3 as days_unread
                from given where entity = 'a' and date_day <= date '2026-03-31'""")
            seen.append(project(database))
    first, second = seen
    assert len(first) > 80
    assert first == second


def test_a_week_of_nothing_is_rest(project: Project) -> None:
    with duckdb.connect() as database:
        database.execute(
            "create table given as select 'a' as entity, date '2026-01-01' + n::int as date_day, "
            "case when n < 40 then 100 else 0 end as spend from range(60) as days(n)"
        )
        database.execute(
            "create table questions as select entity, date_day, 10 as days_left, "
            "1 as days_unread from given where date_day in ('2026-02-09', '2026-02-16')"
        )
        before, after = project(database)
    assert before["expected"] == pytest.approx(1100)
    assert before["margin"] == pytest.approx(0, abs=1e-6)
    assert (after["expected"], after["margin"]) == (0, 0)


def test_the_demo_is_paced_as_planned(demo: Folder) -> None:
    """October's plan stays October's; amounts are sums of days; nothing is known too early."""
    with duckdb.connect(str(snapshot_path(demo)), read_only=True) as database:
        pacing = "marts.fct_budget_pacing"
        totals = database.execute(
            f"select distinct period_start, planned_total from {pacing} "
            "where budget_id like 'demo_google_us%' and period_start >= '2026-10-01' order by all"
        ).fetchall()
        assert totals == [(date(2026, 10, 1), 44000), (date(2026, 11, 1), 48000)]
        differ = database.execute(
            f"select budget_id, p.date_day from {pacing} as p "
            "join marts.fct_campaign_daily as f on f.platform = p.platform "
            "and f.account_id = p.account_id "
            "and f.campaign_id = coalesce(p.campaign_id, f.campaign_id) "
            "and f.date_day between p.period_start and p.date_day "
            "where p.origin = 'plan' group by all "
            "having sum(f.cost_local) != max(p.spent_to_date)"
        )
        assert differ.fetchall() == []
        early = f"select count(*) from {pacing} where date_day < known_from and amount is not null"
        assert database.execute(early).fetchall() == [(0,)]
        [(platforms,)] = database.execute(
            f"select count(distinct platform) from {pacing} where origin = 'platform'"
        ).fetchall()
        assert platforms == 2
