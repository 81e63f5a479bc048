"""A database in memory, which is gone with the process that holds it."""

import duckdb

from pipeline.settings import Folder
from pipeline.targets.snapshot import Snapshot, copy_marts


class Memory:
    """Copies to `database`, an in-memory DuckDB with the schemas `marts` and `ops`."""

    def __init__(self, folder: Folder) -> None:  # noqa: ARG002
        self.database = duckdb.connect()
        self.database.execute("set TimeZone = 'UTC'")

    def write(self, snapshot: Snapshot) -> str:
        """Replace all tables at once: a cursor that reads sees the old ones or the new ones."""
        copy_marts(snapshot.file, self.database)
        return "memory"
