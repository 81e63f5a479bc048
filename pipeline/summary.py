"""The short report that ends a run: what was loaded, spent, flagged and recommended."""

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from rich.markup import escape
from rich.table import Table

from ingestion.load import Outcome
from pipeline.collect import describe
from pipeline.console import out

SPEND = """
select coalesce(platform_name, platform) as platform, count(distinct account_id) as accounts,
    count(distinct campaign_id) as campaigns, sum(cost) as cost, sum(conversions) as conversions,
    sum(conversion_value) / nullif(sum(cost), 0) as roas
from marts.fct_campaign_daily left join marts.dim_platform using (platform)
group by all order by cost desc nulls last, platform"""
FLAGGED = """
select count(*) as incidents, coalesce(sum(figures), 0) as figures
from marts.fct_anomaly_incidents"""
DEAREST = """
select strftime(first_day, '%d %b %Y') as "from", day_count as days,
    coalesce(platform_name, platform) as platform,
    case level when 'campaign' then coalesce(campaign_name, campaign_id)
        when 'account' then 'account ' || account_id else 'all accounts' end as what,
    replace(cause, '_', ' ') as cause, money_at_stake as at_stake
from marts.fct_anomaly_incidents left join marts.dim_platform using (platform)
order by money_at_stake desc nulls last, first_day, what limit 5"""
ADVICE = """
select severity, title, explanation, recommendation, count(*) over () as insights
from marts.fct_insights
order by case severity when 'critical' then 1 when 'warning' then 2 else 3 end,
    impact_amount desc nulls last, date_day desc, insight_id
limit 3"""


def print_summary(outcomes: list[Outcome], snapshot: Path, site: Path | None) -> None:
    """Print what a run did; figures come from the published snapshot."""
    for outcome in outcomes:
        out.print(f"[bold]loaded[/bold]  {describe(outcome)}", soft_wrap=True)
    with duckdb.connect(str(snapshot), read_only=True) as database:
        spend = _table(database, SPEND, "Spend by platform, reporting currency")
        incidents, figures = database.execute(FLAGGED).fetchall()[0]
        dearest = _table(database, DEAREST, "The five incidents with most money at stake")
        advice = database.execute(ADVICE).fetchall()
    out.print(spend, dearest)
    out.print(f"[bold]flagged[/bold] {incidents:,} incidents ({figures:,} figures)")
    out.print(f"[bold]advised[/bold] {advice[0][-1] if advice else 0:,} recommendations")
    for severity, title, explanation, recommendation, _ in advice:
        out.print(f"[bold]{escape(title)}[/bold] ({severity})")
        out.print(escape(f"{explanation} {recommendation}"))
    if site is not None:
        out.print(f"[bold]site[/bold]    {site}", soft_wrap=True)
        out.print("        to open it: make serve, then http://localhost:4173")


def _table(database: duckdb.DuckDBPyConnection, query: str, title: str) -> Table:
    rows = database.execute(query).to_arrow_table()
    table = Table(title=title, title_justify="left", title_style="bold")
    for field in rows.schema:
        text = pa.types.is_string(field.type)
        table.add_column(field.name.replace("_", " "), justify="left" if text else "right")
    for row in rows.to_pylist():
        table.add_row(*(_shown(value) for value in row.values()))
    return table


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"
