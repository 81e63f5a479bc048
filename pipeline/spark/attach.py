"""Make the lake's files tables of Spark: what lives of them, under the names of dbt's sources."""

from ingestion.lake import LOADS, SLICE, Lake, living
from pipeline.errors import CampaignsError
from pipeline.spark.thrift import Thrift, quoted

LOADS_COLUMNS = "(load_id string, status bigint)"


def attach(thrift: Thrift, lake: Lake) -> list[str]:
    """Attach every table that has files, with its newest columns; returns their names.

    `lake_<dataset>.<table>` are the files, `<dataset>.<table>` is a view of what lives of them.
    """
    found = lake.tables()
    if not found:
        raise CampaignsError(f"nothing to build: no table lies below {lake.url}")
    names = []
    for dataset, tables in sorted(found.items()):
        files = f"lake_{dataset.removeprefix('raw_')}"
        thrift.run(f"create schema if not exists {files}")
        thrift.run(f"create schema if not exists {dataset}")
        views = {view for _, view, *_ in thrift.run(f"show views in {dataset}")}
        # dbt made an empty table where there were no files yet.
        empty = {table for _, table, *_ in thrift.run(f"show tables in {dataset}")} - views
        for table in sorted(tables, key=lambda name: name != LOADS):
            thrift.run(f"drop table if exists {files}.{table}")
            how = (
                f"{LOADS_COLUMNS} using json options ("
                if table == LOADS
                else ("using parquet options (mergeSchema 'true', ")
            )
            path = quoted(f"{lake.url}/{dataset}/{table}")
            thrift.run(f"create table {files}.{table} {how}path '{path}')")
            if table in empty:
                thrift.run(f"drop table {dataset}.{table}")
            thrift.run(f"create or replace view {dataset}.{table} as {_view(thrift, files, table)}")
            names.append(f"{dataset}.{table}")
    return names


def _view(thrift: Thrift, files: str, table: str) -> str:
    if table == LOADS:
        return f"select * from {files}.{table}"
    columns = {column for column, *_ in thrift.run(f"describe {files}.{table}")}
    names = {"files": f"{files}.{table}", "loads": f"{files}.{LOADS}"}
    return living(SLICE in columns).format(**names)
