"""The two sides: each scores the same table, made before the clock starts."""

from collections.abc import Callable
from pathlib import Path

import duckdb

from bench.anomalies import DAYS
from scorecard.rules import compiled

Z_SCORE = """
select *, (value - avg(value) over lately) / nullif(stddev_samp(value) over lately, 0) as z_score
from series
window lately as (
    partition by platform, campaign_id order by date_day rows between 28 preceding and 1 preceding
)
"""
CALL = (
    "anomaly_scores('series', ['platform', 'campaign_id'], 'date_day', 'value', 'count', "
    "'day_of_week')"
)
SERIES = f"""
create table series as
select ['google_ads', 'facebook_ads', 'bing_ads', 'tiktok_ads'][i % 4 + 1] as platform,
    'campaign-' || i as campaign_id, date '2025-01-01' + d::integer as date_day,
    (i % 977 * (0.7 + hash(i, d) % 1000 / 1600) * (1 + d % 7 / 10))::bigint as value
from range($series) as campaigns(i), range({DAYS}) as days(d) order by hash(d, i)
"""
ready: dict[str, str] = {}


def prepare(folder: Path, series: int, side: str) -> None:
    """Make the table, and compile the query."""
    ready["sql"] = Z_SCORE if side == "plain" else compiled([CALL])[0]
    with duckdb.connect(str(folder / "series.duckdb")) as database:
        database.execute(SERIES, {"series": series})


def score(folder: Path, series: int, side: str) -> Callable[[], dict[str, int]]:  # noqa: ARG001
    """Score every row into a table."""
    path = str(folder / "series.duckdb")
    with duckdb.connect(path, config={"threads": 2}) as database:
        database.execute(f"create table scores as select * from ({ready['sql']}) as scored")

    def totals() -> dict[str, int]:
        with duckdb.connect(path, read_only=True) as database:
            [(rows,)] = database.execute("select count(*) from scores").fetchall()
        return {"rows": rows}

    return totals
