"""Write the raw tables of a warehouse file as a lake, for those who move to Spark."""

import shutil
from pathlib import Path

import duckdb

from ingestion.lake import LOADS, Lake
from pipeline.targets.snapshot import quoted

RAW = """
select schema_name, table_name from duckdb_tables()
where starts_with(schema_name, 'raw_') and not ends_with(schema_name, '_staging')
    and (table_name = ? or not starts_with(table_name, '_dlt')) order by all"""


def lend(warehouse: Path, lake: Path) -> Lake:
    """Write every raw table as Parquet into `lake`, anew."""
    shutil.rmtree(lake, ignore_errors=True)
    with duckdb.connect(str(warehouse), read_only=True) as database:
        database.execute("set TimeZone = 'UTC'")
        for schema, table in database.execute(RAW, [LOADS]).fetchall():
            place = lake / schema / table
            place.mkdir(parents=True)
            rows, file = f"from {schema}.{table}", place / "rows.parquet"
            if table == LOADS:
                rows, file = f"select load_id, status {rows}", place / "rows.jsonl"
            database.execute(f"copy ({rows}) to '{quoted(file)}'")
    return Lake(str(lake))
