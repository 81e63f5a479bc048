"""Run a Python model on the rows that Spark hands to a worker, from standard input to output.

`python -m pipeline.spark.transform MODEL INPUT COLUMN:TYPE…` is what macros/spark.sql has each
worker call for the series that it was given; rows are lines of tabs, as Spark writes them.
"""

import sys
from runpy import run_path
from types import SimpleNamespace

import duckdb

from pipeline.settings import PROJECT

TABS = {"delim": "'\\t'", "nullstr": "'\\N'", "quote": "''", "escape": "''", "header": "false"}


def main() -> None:
    """Read the model's input, call its function `model` as dbt does, write what it gives."""
    name, source, *columns = sys.argv[1:]
    kinds = ", ".join("'{}': '{}'".format(*column.split(":")) for column in columns)
    file = next((PROJECT / "models").rglob(f"{name}.py"))
    with duckdb.connect() as database:
        database.execute(
            f"create table {source} as "
            f"from read_csv('/dev/stdin', {_options(' = ')}, columns = {{{kinds}}})"
        )
        found = run_path(str(file))["model"](SimpleNamespace(ref=database.table), database)
        database.register("found", found)
        database.execute(f"copy found to '/dev/stdout' ({_options(' ')})")


def _options(gives: str) -> str:
    return ", ".join(f"{name}{gives}{value}" for name, value in TABS.items())


if __name__ == "__main__":
    main()
