"""`make scorecard`: score every rule on held-out worlds; print, and write docs and seed."""

import csv
from typing import Any

import duckdb
from rich.table import Table

from pipeline.console import out, say
from pipeline.settings import PROJECT
from scorecard import score, worlds

SEED = PROJECT / "seeds" / "anomaly_scorecard.csv"
PAGE = PROJECT / "docs" / "scorecard.md"
MARK = "<!-- what follows is written by make scorecard -->\n"
COLUMNS = {
    "rule": "rule", "scope": "of", "incidents": "incidents", "recall": "recall",
    "precision": "precision", "f1": "F1", "recall_visible": "recall where visible",
    "recall_money": "recall of money", "delay_days": "delay, days", "points": "points",
    "false_alarms_per_1000": "false alarms per 1,000",
}  # fmt: skip
NOT_SHOWN = ("scope", "incidents", "points")  # on a terminal, which is narrow
Row = dict[str, Any]


def main() -> None:
    """Score the worlds that no threshold has seen."""
    compiled = score.rules()
    rows: list[Row] = []
    for accounts, (seeds, plan) in worlds.HELD_OUT.items():
        say(f"  {accounts}: seeds {seeds.start} to {seeds.stop - 1}")
        rows += [{"accounts": accounts, **row} for row in scored(seeds, plan, compiled)]
    with SEED.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["accounts", *COLUMNS], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    told = "\n".join(part for accounts in worlds.HELD_OUT for part in page(accounts, rows))
    PAGE.write_text(PAGE.read_text().split(MARK)[0] + MARK + told)
    for accounts in worlds.HELD_OUT:
        show(accounts, rows)


def scored(seeds: range, plan: worlds.Plan, compiled: score.Rules) -> list[Row]:
    """Give a row for each rule and scope: all, each kind of series, each kind of incident."""
    with duckdb.connect(config={"threads": 2}) as database:
        worlds.load(database, seeds, plan)
        score.series(database)
        score.run(database, compiled)
        score.judge(database)
        return score.summary(database)


def page(accounts: str, rows: list[Row]) -> list[str]:
    """Give the lines of a table in Markdown."""
    head = [f"\n## {accounts.capitalize()}\n", f"| {' | '.join(COLUMNS.values())} |"]
    body = [f"| {' | '.join(cells(row))} |" for row in rows if row["accounts"] == accounts]
    return [*head, "|---" * len(COLUMNS) + "|", *body, ""]


def show(accounts: str, rows: list[Row]) -> None:
    """Print the rows over all series."""
    table = Table(title=accounts, title_justify="left")
    shown = {name: header for name, header in COLUMNS.items() if name not in NOT_SHOWN}
    for name, header in shown.items():
        table.add_column(header, justify="left" if name == "rule" else "right")
    for row in rows:
        if row["accounts"] == accounts and row["scope"] == "all":
            table.add_row(*(cell for name, cell in zip(COLUMNS, cells(row), strict=True)
                            if name in shown))  # fmt: skip
    out.print(table)


def cells(row: Row) -> list[str]:
    """Format a row for readers; what was not measured is empty."""
    return ["" if row[name] is None else f"{row[name]:,}" if isinstance(row[name], int)
            else str(row[name]) for name in COLUMNS]  # fmt: skip


if __name__ == "__main__":
    main()
