"""Statements for a Spark Thrift server, as dbt's profile `spark` sends them."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import yaml

from pipeline.errors import CampaignsError
from pipeline.settings import PROJECT


class Thrift:
    """An open session."""

    def __init__(self, cursor: Any) -> None:
        self.cursor = cursor

    def run(self, statement: str) -> list[tuple]:
        """Run one statement; its rows, none for one that gives none."""
        self.cursor.execute(statement)
        return self.cursor.fetchall() if self.cursor.description else []


@contextmanager
def session() -> Generator[Thrift]:
    """Open a session on the server of SPARK_THRIFT_HOST and SPARK_THRIFT_PORT."""
    from pyhive import hive

    profile = yaml.safe_load((PROJECT / "profiles.yml").read_text("utf-8"))
    settings = profile["campaigns"]["outputs"]["spark"]["server_side_parameters"]
    host = os.environ.get("SPARK_THRIFT_HOST", "127.0.0.1")
    port = int(os.environ.get("SPARK_THRIFT_PORT", "10000"))
    try:
        connection = hive.connect(host=host, port=port, auth="NONE", configuration=settings)
    except Exception as error:
        raise CampaignsError(
            f"no Spark Thrift server answers at {host}:{port}: `make spark-up` starts one"
        ) from error
    try:
        yield Thrift(connection.cursor())
    finally:
        connection.close()


def quoted(text: object) -> str:
    """Escape a text for a literal of Spark."""
    return str(text).replace("\\", "\\\\").replace("'", "\\'")


def place(path: str) -> str:
    """The address of a folder as Spark writes it, whatever its own default file system is."""
    return path if "://" in path else f"file:{path}"
