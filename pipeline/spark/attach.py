"""Make the lake's files tables of Spark: what lives of them, under the names of dbt's sources."""

from ingestion.lake import LOADS, SLICE, Lake, living
from pipeline.errors import CampaignsError
from pipeline.spark.thrift import Thrift, place, quoted

# Types that Spark calls otherwise than DuckDB.
KINDS = {"VARCHAR": "string", "TIMESTAMP WITH TIME ZONE": "timestamp"}


def attach(thrift: Thrift, lake: Lake) -> list[str]:
    """Attach every table that has files, with the columns of all of them; returns their names.

    `lake_<platform>.<table>` are the files, `raw_<platform>.<table>` is a view of what lives.
    """
    datasets = lake.tables()
    if not datasets:
        raise CampaignsError(f"nothing to build: no table lies below {lake.url}")
    names = []
    for dataset in sorted(datasets):
        files = f"lake_{dataset.removeprefix('raw_')}"
        for schema in (files, dataset):
            thrift.run(f"create schema if not exists {schema}")
        views = {view for _, view, *_ in thrift.run(f"show views in {dataset}")}
        # dbt made an empty table where there were no files yet.
        empty = {table for _, table, *_ in thrift.run(f"show tables in {dataset}")} - views
        tables = {LOADS: {"load_id": "VARCHAR", "status": "BIGINT"}} | lake.columns(dataset)
        for table, columns in tables.items():
            thrift.run(f"drop table if exists {files}.{table}")
            thrift.run(
                f"create table {files}.{table} ({_typed(columns)}) "
                f"using {'json' if table == LOADS else 'parquet'} "
                f"options (path '{quoted(place(lake.url))}/{dataset}/{table}')"
            )
            if table in empty:
                thrift.run(f"drop table {dataset}.{table}")
            # Of what is only appended, the models themselves leave out unfinished loads.
            query = f"select * from {files}.{table}"
            if SLICE in columns:
                query = living(keyed=True).format(
                    files=f"{files}.{table}", loads=f"{files}.{LOADS}"
                )
            thrift.run(f"create or replace view {dataset}.{table} as {query}")
            names.append(f"{dataset}.{table}")
    return names


def _typed(columns: dict[str, str]) -> str:
    return ", ".join(f"`{name}` {KINDS.get(kind, kind)}" for name, kind in columns.items())
