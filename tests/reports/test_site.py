"""The site in a browser: it works, says what the warehouse says, and asks no other host."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.reports.conftest import Browse, Rows

PAGES = [
    "/",
    "/insights/",
    "/campaigns/",
    "/campaigns/choose/",
    "/anomalies/",
    "/changes/",
    "/budgets/",
    "/forecast/",
    "/data/",
]
SEARCH = "main input[placeholder=Search] >> visible=true >> nth=0"
ZONES = ["America/Los_Angeles", "UTC", "Asia/Tokyo"]
Visit = dict[str, Any]

TOTALS = """
    select sum(cost), sum(conversions), sum(conversion_value) / sum(cost)
    from marts.agg_platform_daily
    where date_day between ? and ?
"""
SLUG = "left(md5(concat_ws('/', platform, account_id, campaign_id)), 12)"

DEAREST = f"""
    select {SLUG}, sum(value) as cost
    from marts.fct_campaign_forecast
    where metric = 'cost' group by all order by cost desc limit 1
"""
NAME = f"select campaign_name from marts.dim_campaign where {SLUG} = ?"


def shows(text: str, value: object) -> bool:
    """Whether a figure on a page is this value, to the two decimals that the page shows."""
    return abs(Decimal(text.replace(",", "")) - Decimal(str(value))) <= Decimal("0.00501")


@pytest.fixture(scope="module")
def days(rows: Rows) -> dict[str, str]:
    """The first and the last day with data, and the first of the last 30."""
    [(first, last, start)] = rows("""
        select min(date_day), max(date_day), greatest(min(date_day), max(date_day) - 29)
        from marts.agg_platform_daily
    """)
    return {"first": str(first), "last": str(last), "start": str(start)}


@pytest.fixture(scope="module")
def slugs(rows: Rows) -> list[str]:
    """Campaigns with daily figures, the highest spend first."""
    return [
        slug
        for (slug,) in rows(f"""
            select {SLUG} as slug
            from marts.fct_campaign_daily
            group by slug
            order by sum(cost) desc nulls last
        """)
    ]


@pytest.fixture(scope="module")
def visits(
    site: Path, browse: Browse, slugs: list[str], days: dict[str, str], rows: Rows
) -> dict[str, Visit]:
    """Every visit that the tests look at, by name, in one browser."""
    pages = [*PAGES, f"/campaigns/{slugs[0]}/"]
    all_days = {"[name=start]": days["first"], "[name=end]": days["last"]}
    middle = {"[name=start]": days["start"], "[name=end]": days["last"]}
    jobs: dict[str, Visit] = {}
    jobs |= {page: {"path": page} for page in pages}
    jobs |= {f"phone {page}": {"path": page, "width": 390, "dark": True} for page in pages}
    jobs |= {zone: {"path": "/", "zone": zone, "fill": middle | all_days} for zone in ZONES}
    jobs["one platform"] = {"path": "/", "fill": {"[name=platform]": "google_ads"}}
    jobs["all anomalies"] = {"path": "/anomalies/", "fill": all_days}
    jobs["all insights"] = {"path": "/insights/", "fill": all_days}
    jobs["one rule"] = {
        "path": "/insights/",
        "fill": all_days | {"[name=rule]": "tracking_outage"},
    }
    jobs["one metric"] = {"path": "/anomalies/", "fill": all_days | {"[name=metric]": "cost"}}
    jobs["one change"] = {
        "path": "/changes/",
        "fill": {"[name=metric]": "cpa", "[name=platform]": "google_ads"},
    }
    jobs["chosen"] = {"path": f"/campaigns/choose/?id={slugs[-1]}"}
    jobs["unknown"] = {"path": "/campaigns/choose/?id=000000000000"}
    [(name,)] = rows(NAME, slugs[0])
    jobs["searched"] = {"path": "/campaigns/", "fill": {SEARCH: name}, "pause": 2000}
    jobs["found"] = {"path": "/campaigns/choose/", "fill": {"[type=search]": "google"}}
    [(dearest, _)] = rows(DEAREST)
    jobs["forecast of one"] = {"path": "/forecast/", "fill": {"[name=forecast_campaign]": dearest}}
    jobs["empty range"] = {
        "path": "/",
        "fill": {"[name=start]": "1999-01-01", "[name=end]": "1999-01-02"},
    }
    return dict(zip(jobs, browse(list(jobs.values()), site), strict=True))


def test_nothing_is_broken_anywhere(visits: dict[str, Visit]) -> None:
    assert {name: visit["problems"] for name, visit in visits.items() if visit["problems"]} == {}


def test_no_other_host_is_asked(visits: dict[str, Visit]) -> None:
    assert {name: visit["outside"] for name, visit in visits.items() if visit["outside"]} == {}


def test_no_page_is_wider_than_its_screen(visits: dict[str, Visit]) -> None:
    assert {name: visit["overflow"] for name, visit in visits.items() if visit["overflow"]} == {}


def test_each_page_says_how_fresh_and_complete_it_is(
    visits: dict[str, Visit], days: dict[str, str], rows: Rows
) -> None:
    [(held,)] = rows("select count(*) from ops.quarantined_rows")
    quarantine = f"quarantine: {held:,}," if held else "No row is held in quarantine"
    for name, visit in visits.items():
        text = " ".join(visit["text"].split())
        assert f"Data up to {days['last']}, built and tested" in text, name
        assert "account-days are loaded" in text, name
        assert quarantine in text, name


def test_totals_are_those_of_the_warehouse(
    visits: dict[str, Visit], days: dict[str, str], rows: Rows
) -> None:
    [(cost, conversions, roas)] = rows(TOTALS, days["start"], days["last"])
    big = visits["/"]["big"]
    assert shows(big["Spend (USD)"][0], cost)
    assert shows(big["Conversions"][0], conversions)
    assert shows(big["ROAS (value / spend)"][0], roas)


@pytest.mark.parametrize("zone", ZONES)
def test_a_date_range_means_the_same_days_in_every_time_zone(
    zone: str, visits: dict[str, Visit], days: dict[str, str], rows: Rows
) -> None:
    [(cost, conversions, roas)] = rows(TOTALS, days["first"], days["last"])
    big = visits[zone]["big"]
    assert shows(big["Spend (USD)"][0], cost)
    assert shows(big["Conversions"][0], conversions)
    assert shows(big["ROAS (value / spend)"][0], roas)
    assert big == visits["UTC"]["big"]


def test_platforms_have_their_names_and_their_spend(
    visits: dict[str, Visit], days: dict[str, str], rows: Rows
) -> None:
    wanted = rows(
        """
            select platform_name, sum(cost) as cost
            from marts.agg_platform_daily
            inner join marts.dim_platform using (platform)
            where date_day between ? and ?
            group by all
            order by cost desc
        """,
        days["start"],
        days["last"],
    )
    header, *seen = visits["/"]["tables"][0]
    assert header[:2] == ["Platform", "Spend"]
    assert [row[0] for row in seen] == [name for name, _ in wanted]
    assert all(shows(row[1], cost) for row, (_, cost) in zip(seen, wanted, strict=True))
    [row] = visits["one platform"]["tables"][0][1:]
    assert shows(row[1], dict(wanted)["Google Ads"])
    assert shows(visits["one platform"]["big"]["Spend (USD)"][0], dict(wanted)["Google Ads"])


def test_campaigns_are_listed_with_exact_figures(
    visits: dict[str, Visit], days: dict[str, str], rows: Rows
) -> None:
    wanted = rows(
        f"""
            select sum(cost) as cost
            from marts.fct_campaign_daily
            where date_day between ? and ?
            group by {SLUG}
            order by cost desc nulls last
            limit 25
        """,
        days["start"],
        days["last"],
    )
    header, *seen = visits["/campaigns/"]["tables"][0]
    spend = header.index("Spend")
    assert len(seen) == len(wanted)
    assert all(shows(row[spend], cost) for row, (cost,) in zip(seen, wanted, strict=True))


def test_the_table_of_campaigns_is_searchable(
    visits: dict[str, Visit], slugs: list[str], rows: Rows
) -> None:
    _, first, *others = visits["searched"]["tables"][0]
    assert first[0] == rows(NAME, slugs[0])[0][0]
    assert len(others) < len(visits["/campaigns/"]["tables"][0]) - 2


@pytest.mark.parametrize("rank", [0, -1], ids=["a page of its own", "through the chooser"])
def test_a_campaign_shows_its_own_figures(
    rank: int, visits: dict[str, Visit], slugs: list[str], days: dict[str, str], rows: Rows
) -> None:
    [(cost, clicks)] = rows(
        f"""
            select sum(cost), sum(clicks)
            from marts.fct_campaign_daily
            where {SLUG} = ? and date_day between ? and ?
        """,
        slugs[rank],
        days["start"],
        days["last"],
    )
    [(name,)] = rows(NAME, slugs[rank])
    visit = visits[f"/campaigns/{slugs[0]}/" if rank == 0 else "chosen"]
    assert name in visit["text"]
    if cost is None:
        assert "There are no daily figures in this period" in visit["text"]
        return
    assert shows(visit["big"]["Spend (USD)"][0], cost)
    assert shows(visit["big"]["Clicks"][0], clicks)
    assert visit["charts"] == 3


def test_the_chooser_finds_campaigns_and_says_what_it_does_not_know(
    visits: dict[str, Visit],
) -> None:
    assert "Google Ads" in visits["found"]["text"]
    assert "This snapshot has no such campaign" in visits["unknown"]["text"]
    assert "No campaign is chosen yet" in visits["/campaigns/choose/"]["text"]


def test_anomalies_are_those_of_the_warehouse(visits: dict[str, Visit], rows: Rows) -> None:
    counted = "select count(*) from marts.fct_campaign_anomalies where is_anomaly"
    [(flagged,)] = rows(counted)
    [(of_cost,)] = rows(f"{counted} and metric = 'cost'")
    [(incidents, most, all_of_it)] = rows(
        "select count(*), max(money_at_stake), sum(money_at_stake) from marts.fct_anomaly_incidents"
    )
    text = visits["all anomalies"]["text"]
    assert f": {incidents:,}, the dearest first, made of {flagged:,} flagged figures" in text
    assert f"At stake in all: {all_of_it:,.2f} USD" in text
    assert f"Flagged figures of this choice: {flagged:,}." in text
    assert f"Flagged figures of this choice: {of_cost:,}." in visits["one metric"]["text"]
    header, first, *_ = visits["all anomalies"]["tables"][0]
    assert shows(first[header.index("At stake (USD)")], most)


def test_the_forecast_is_that_of_the_warehouse(visits: dict[str, Visit], rows: Rows) -> None:
    [(cost, clicks)] = rows("""
        select sum(value) filter (metric = 'cost'), sum(value) filter (metric = 'clicks')
        from marts.fct_campaign_forecast
    """)
    visit = visits["/forecast/"]
    assert shows(visit["big"]["Expected spend (USD)"][0], round(cost))
    assert shows(visit["big"]["Expected clicks"][0], round(clicks))
    assert visit["charts"] == 3
    header, *tested = visit["tables"][0]
    [(days,)] = rows("select sum(days) from marts.fct_forecast_backtest where model = 'used'")
    column = header.index("Days tested")
    assert sum(int(row[column].replace(",", "")) for row in tested) == days
    [(_, of_one)] = rows(DEAREST)
    assert shows(visits["forecast of one"]["big"]["Expected spend (USD)"][0], round(of_one))


def test_insights_are_those_of_the_warehouse(visits: dict[str, Visit], rows: Rows) -> None:
    counted = "select count(*) from marts.fct_insights"
    [(insights,)] = rows(counted)
    [(outages,)] = rows(f"{counted} where rule = 'tracking_outage'")
    assert f": {insights:,}, of which" in visits["all insights"]["text"]
    assert f": {outages:,}, of which" in visits["one rule"]["text"]
    [(title, doubt)] = rows("""
        select title, what_would_change_it from marts.fct_insights
        order by case severity when 'critical' then 1 when 'warning' then 2 else 3 end,
            impact_amount desc nulls last
        limit 1
    """)
    assert title in visits["all insights"]["text"]
    assert doubt in visits["all insights"]["text"]


@pytest.mark.parametrize(
    ("visit", "whole", "metric"), [("/changes/", "all", "cost"), ("one change", "google_ads", "cpa")]
)
def test_a_change_is_shown_with_all_of_its_parts(
    visit: str, whole: str, metric: str, visits: dict[str, Visit], rows: Rows
) -> None:
    wanted = rows(
        """
            select max(previous_value), sum(contribution), max(value)
            from marts.fct_change_drivers
            where comparison = 'last_28_days' and whole = ? and metric = ?
            group by driver
        """,
        whole,
        metric,
    )
    _, first, *parts, last = visits[visit]["tables"][0]
    assert shows(first[1], wanted[0][0])
    assert shows(last[1], wanted[0][2])
    assert len(parts) == len(wanted)
    for _, amount, _ in wanted:
        assert any(shows(part[1], amount) for part in parts)


def test_budgets_are_those_of_the_warehouse(visits: dict[str, Visit], rows: Rows) -> None:
    wanted = rows("""
        select budget_id, replace(status, '_', ' '), spent_to_date
        from marts.fct_budget_pacing where planned_total is not null
        qualify date_day = max(date_day) over (partition by budget_id)
    """)
    header, *seen = visits["/budgets/"]["tables"][0]
    found = {row[0]: (row[header.index("Verdict")], row[header.index("Spent")]) for row in seen}
    assert found.keys() == {budget for budget, *_ in wanted}
    for budget, status, spent in wanted:
        assert found[budget][0] == status
        assert abs(Decimal(found[budget][1].replace(",", "")) - spent) <= Decimal("0.5")


def test_coverage_and_quarantine_are_those_of_the_warehouse(
    visits: dict[str, Visit], rows: Rows
) -> None:
    accounts = visits["/data/"]["tables"][0]
    [(loaded, missing)] = rows("""
        select count_if(status = 'loaded'), count_if(status not in ('loaded', 'empty'))
        from ops.fct_coverage
    """)
    for title, wanted in (("Loaded", loaded), ("Missing", missing)):
        column = accounts[0].index(title)
        assert sum(int(row[column].replace(",", "")) for row in accounts[1:]) == wanted
    [(held,)] = rows("select count(*) from ops.quarantined_rows")
    tables = [table for table in visits["/data/"]["tables"] if "Money held" in table[0]]
    column = tables[0][0].index("Rows") if tables else 0
    assert sum(int(row[column]) for table in tables for row in table[1:]) == held


def test_an_empty_choice_is_explained(visits: dict[str, Visit]) -> None:
    text = visits["empty range"]["text"]
    assert "There are no daily figures in this period" in text
    assert "No daily spend in this period." in text
    assert visits["empty range"]["big"]["Spend (USD)"][0] == "-"
