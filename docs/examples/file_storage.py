"""File-based storage: the marts as Parquet files and as one SQLite file, read without this program.

    python docs/examples/file_storage.py

It needs a build: run `make demo` or docs/examples/basic_pipeline.py first. docs/targets.md says
where the files are and how readers follow new ones.
"""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import duckdb

from pipeline.publish import publish
from pipeline.settings import Folder, setting

folder = Folder().prepare()
publish(folder, to=["parquet", "sqlite"])

# Parquet: the pointer names the live folder; months are folders, so a reader opens what it needs.
parquet = Path(setting("publish.parquet.path") or folder.published / "parquet")
live = parquet / json.loads((parquet / "CURRENT.json").read_text())["folder"]
spent = duckdb.sql(
    "select platform, sum(cost) as cost "
    f"from read_parquet('{live}/marts/fct_campaign_daily/**/*.parquet') "
    "group by platform order by cost desc nulls last"
).fetchall()
print("Parquet:")
for platform, cost in spent:
    print(f"  {platform}: {cost}")

# SQLite has no decimals: they are exact texts, and numbers in the views to filter and sort by.
sqlite = Path(setting("publish.sqlite.path") or folder.published / "campaigns.sqlite")
with closing(sqlite3.connect(f"file:{sqlite}?mode=ro", uri=True)) as database:
    days, cost = database.execute(
        "select count(distinct date_day), sum(cost) from marts_fct_campaign_daily_numeric"
    ).fetchone()
print(f"SQLite: {days} days, {cost:.2f} spent")
