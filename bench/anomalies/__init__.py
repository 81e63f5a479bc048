"""What a score costs: the anomaly macro beside a plain trailing z-score, on the same series."""

from collections.abc import Iterator

from bench.runner import Comparison, Side

DAYS = 365


def compare(rows: int, repeats: int) -> Iterator[Comparison]:
    """Score a hundredth of `rows` series (10,000 of 1,000,000) over a year of days."""
    series = max(1, rows // 100)
    totals = {"rows": series * DAYS}
    sides = [
        Side(name, "bench.anomalies.sides:score", {"series": series, "side": side}, totals)
        for side, name in {
            "plain": "plain z-score, 28 days before",
            "macro": "anomaly_scores, count, by weekday",
        }.items()
    ]
    comparison = Comparison(f"Scores of {series:,} series of {DAYS} days, in DuckDB", sides)
    comparison.run(repeats)
    yield comparison
