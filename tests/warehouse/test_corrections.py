"""A held row that people put right counts from the next build on, and only as long as it is there.

The seed's file belongs to the project, so the test writes into its table and builds without seeds.
"""

from decimal import Decimal

import duckdb
import pytest

from tests.conftest import Bench
from tests.parsed import dbt

SPEC = """
name: pins
files: "*.csv"
constants: {platform: pinterest_ads, account_id: shop, currency: USD}
columns: {date: Day, campaign_name: Campaign, impressions: Impressions, clicks: Clicks, cost: Cost}
"""
EXPORT = """Day,Campaign,Impressions,Clicks,Cost
2026-11-01,Pins,1000,20,12.50
2026-11-02,Pins,1100,21,-4.00
2026-11-02,Pins,1200,22,7.00
2026-11-03,Pins,0,5000,3.00
2026-11-04,Pins,900,18,#REF!
"""
CORRECTIONS = """
insert into seeds.corrections by name
select quarantine_id, origin, line, 'invoice 7, Ann' as note,
    case reason when 'negative_cost' then 4 when 'unreadable_number' then 8.25 end as cost,
    case reason when 'unreadable_number' then 18 when 'clicks_without_impressions' then 50 end
        as clicks,
    case reason when 'unreadable_number' then 'Pins' end as campaign_name,
    case reason when 'unreadable_number' then date '2026-11-05' end as date
from ops.quarantined_rows"""
FIGURES = "select day(date_day), impressions, clicks, cost from marts.fct_campaign_daily order by 1"
HELD = "select reason, cost_held from ops.quarantined_rows order by all"
AS_READ = [(1, 1000, 20, Decimal("12.5")), (2, 1200, 22, Decimal(7))]
HELD_AT_FIRST = [
    ("clicks_without_impressions", Decimal(3)),
    ("negative_cost", Decimal(-4)),
    ("unreadable_number", None),
]
PUT_RIGHT = [
    (1, 1000, 20, Decimal("12.5")),
    (2, 2300, 43, Decimal(11)),
    (3, 0, 50, Decimal(3)),
    (5, None, 18, Decimal("8.25")),
]


@pytest.fixture
def pins(bench: Bench) -> Bench:
    """An export with a good day and each kind of held row, collected and built."""
    bench.write("spec.yml", SPEC)
    bench.write("pins.csv", EXPORT)
    bench.collect()
    dbt(bench.folder, "seed")
    rebuild(bench)
    return bench


def rebuild(bench: Bench, *options: str) -> None:
    """Build what is asked here, and its tests; the rest of the marts is of no account."""
    marts = [
        "--select",
        "+fct_campaign_daily",
        "+quarantined_rows",
        "--indirect-selection",
        "cautious",
    ]
    dbt(bench.folder, "build", *marts, "--exclude-resource-type", "seed", "unit_test", *options)


def write(bench: Bench, statement: str) -> None:
    with duckdb.connect(str(bench.folder.warehouse)) as database:
        database.execute(statement)


def test_a_corrected_row_counts_until_the_correction_goes(pins: Bench) -> None:
    assert pins.rows(FIGURES) == AS_READ
    assert pins.rows(HELD) == HELD_AT_FIRST
    write(pins, CORRECTIONS)
    rebuild(pins)
    assert pins.rows(FIGURES) == PUT_RIGHT
    assert pins.rows(HELD) == []
    rebuild(pins, "--full-refresh")
    assert pins.rows(FIGURES) == PUT_RIGHT
    write(pins, "update seeds.corrections set cost = -1 where cost = 4")
    rebuild(pins)
    assert pins.rows(HELD) == [("negative_cost", Decimal(-1))]
    write(pins, "delete from seeds.corrections")
    rebuild(pins)
    assert pins.rows(FIGURES) == AS_READ
    assert pins.rows(HELD) == HELD_AT_FIRST


def test_a_correction_of_a_row_that_changed_finds_nothing(pins: Bench) -> None:
    write(pins, CORRECTIONS)
    pins.write("pins.csv", EXPORT.replace("-4.00", "5.00").replace("#REF!", "9.00"))
    pins.collect()
    rebuild(pins)
    assert pins.rows(FIGURES) == [
        (1, 1000, 20, Decimal("12.5")),
        (2, 2300, 43, Decimal(12)),
        (3, 0, 50, Decimal(3)),
        (4, 900, 18, Decimal(9)),
    ]
    assert pins.rows(HELD) == []
