"""The rules that are scored, each as SQL over a series: the project's macros, and baselines.

Every rule gives series, world, campaign, date_day, metric, is_anomaly, and where it says so
expected, smallest_visible_change and verdict.
"""

from collections.abc import Sequence
from functools import cache
from tempfile import TemporaryDirectory
from typing import Any

from dbt.cli.main import dbtRunner

from pipeline.settings import PROJECT

KEYS = "world, account_id, campaign_id, metric, date_day"
ENTITIES = "['world', 'account_id', 'campaign_id', 'metric']"
COUNTS = ("impressions", "clicks", "conversions")
SPENDS = ("cost", "conversion_value")
PRICES = {"cpm": ("cost", "impressions"), "cpc": ("cost", "clicks")}
RATES = {"ctr": ("clicks", "impressions"), "cvr": ("conversions", "clicks")}
METRICS = {
    "count": COUNTS,
    "spend": SPENDS,
    "price": tuple(PRICES),
    "rate": tuple(RATES),
}
CALL = {
    kind: f"anomaly_scores('series_{kind}', {ENTITIES}, 'date_day', 'value', "
    f"'{kind}', 'day_of_week', {{calendar}})"
    for kind in ("count", "spend", "price")
}
CALL["rate"] = (
    f"rate_anomaly_scores('series_rate', {ENTITIES}, 'date_day', 'events', 'trials', {{calendar}})"
)
CALENDAR = "'calendar', ['date_day', 'world', 'account_id']"
NAMES = {"anomaly macros": CALENDAR, "anomaly macros, no calendar": "none, none"}
SEPARATOR = "\n--8<--\n"


def macros() -> dict[str, dict[str, str]]:
    """Compile the project's rules: the SQL by name of the rule and kind of series."""
    parts = iter(compiled([call.format(calendar=calendar) for calendar in NAMES.values()
                           for call in CALL.values()]))  # fmt: skip
    return {name: {kind: next(parts) for kind in CALL} for name in NAMES}


def compiled(calls: Sequence[str]) -> list[str]:
    """Give the SQL of calls of macros; raises RuntimeError where one does not compile."""
    inline = SEPARATOR.join(f"{{{{ {call} }}}}" for call in calls)
    done = _invoke(_parsed(), "compile", "--inline", inline)
    return done.results[0].node.compiled_code.split(SEPARATOR)


@cache
def _parsed() -> dbtRunner:
    return dbtRunner(manifest=_invoke(dbtRunner(), "parse"))


def _invoke(dbt: dbtRunner, *command: str) -> Any:
    with TemporaryDirectory() as folder:
        done = dbt.invoke(
            ["--quiet", "--log-level", "none", *command, "--target", "memory", "--project-dir",
             str(PROJECT), "--profiles-dir", str(PROJECT), "--target-path", folder,
             "--log-path", folder]
        )  # fmt: skip
    if done.exception or not done.success:
        raise RuntimeError(f"the rules do not compile: {done.exception}")
    return done.result


def plain(days: int, own: bool) -> str:
    """A z-score above 3 over the days before, and the day itself where it is its `own` judge."""
    last = "current row" if own else "1 preceding"
    return f"""
        select {KEYS}, value, abs(value - mean) > 3 * nullif(spread, 0) as is_anomaly,
            mean as expected, 3 * spread as smallest_visible_change, 'judged' as verdict
        from (
            select *, avg(value) over lately as mean, stddev_samp(value) over lately as spread,
                count(value) over lately as known
            from {{series}}
            window lately as (
                partition by world, account_id, campaign_id, metric order by date_day
                rows between {days} preceding and {last}
            )
        )
        where known >= 7"""


PLAIN = {
    "Elementary (14 days, the day among them)": plain(14, own=True),
    "z-score, 14 days before": plain(14, own=False),
    "z-score, 28 days, the day among them": plain(28, own=True),
    "z-score, 28 days before": plain(28, own=False),
    "never an alarm": f"select {KEYS}, value, false as is_anomaly, null::double as expected, "
    "null::double as smallest_visible_change, 'judged' as verdict from {series}",
}
