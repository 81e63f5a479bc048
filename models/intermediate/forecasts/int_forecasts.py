"""What each model expects of each series, seen from today and from weeks before today.

The only Python among the models: it fits and predicts. Errors, the choice of a model and the bands
are SQL. On Spark the workers run it, each for some of the series (macros/spark.sql).
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

WEEK, HORIZON = 7, 28
TRAINED = 28  # days that a model learns from, at least
MEMORY = 182  # and at most
TESTED = 12  # weeks that lie behind the earliest origin, beyond what is blind
REFIT = 4  # weeks after which parameters are estimated again

SCHEMA = pa.schema(
    {
        "series_id": pa.int64(),
        "model": pa.string(),
        "weeks_ago": pa.int32(),
        "horizon_days": pa.int32(),
        "horizon_week": pa.int32(),
        "value": pa.float64(),
    }
)


def filled(values: np.ndarray) -> np.ndarray:
    """A copy without gaps (NaN): the same weekday before, else the mean of all days before."""
    whole = values.copy()
    for day in np.flatnonzero(np.isnan(values)):
        whole[day] = whole[day - WEEK] if day >= WEEK else whole[:day].mean()
    return whole


def forecasts(values: np.ndarray, blind_days: int) -> Iterator[tuple[str, int, np.ndarray]]:
    """Give model, weeks before today and the 28 days expected then, never below 0.

    `values` are daily, without gaps, and end `blind_days` before the origin. Nothing later than
    that is read, at any origin; parameters are estimated at every fourth one and at the first.
    """
    from statsforecast.models import AutoETS, SeasonalNaive, SeasonalWindowAverage

    simple = {
        "seasonal_naive": SeasonalNaive(WEEK),
        "seasonal_average": SeasonalWindowAverage(WEEK, window_size=TRAINED // WEEK),
    }
    steps = blind_days + HORIZON
    earliest = min((len(values) - TRAINED) // WEEK, TESTED + 2 * -(-blind_days // WEEK))
    for weeks_ago in range(earliest, -1, -1):
        known = values[: len(values) - WEEK * weeks_ago]
        if weeks_ago % REFIT == 0 or weeks_ago == earliest:
            start = max(0, len(known) - MEMORY)
            ets = AutoETS(WEEK, model="ANA").fit(known[start:])
        expected = {name: model.forecast(known, steps) for name, model in simple.items()}
        expected["ets"] = ets.forward(known[start:], steps)
        for name, found in expected.items():
            yield name, weeks_ago, np.maximum(found["mean"][blind_days:], 0)


def model(dbt, session):  # noqa: ARG001
    """One row per series, model, weeks before today and day ahead (1 to 28; week 1 to 4)."""
    days = dbt.ref("int_forecast_days").order("series_id, day_number").to_arrow_table()
    ids, numbers, blind, values = (column.to_numpy() for column in days.columns)
    found = []
    for rows in np.split(np.arange(len(ids)), np.flatnonzero(np.diff(ids)) + 1):
        if len(rows):
            known = np.full(numbers[rows[-1]] + 1, np.nan)
            known[numbers[rows]] = values[rows]
            for expected in forecasts(filled(known), blind[rows[0]]):
                found.append((ids[rows[0]], *expected))
    keys = [np.repeat([row[place] for row in found], HORIZON) for place in range(3)]
    ahead = np.tile(np.arange(HORIZON), len(found))
    expected = np.concatenate([row[3] for row in found] or [[]])
    columns = [*keys, ahead + 1, ahead // WEEK + 1, expected]
    return pa.table(columns, names=SCHEMA.names).cast(SCHEMA)
