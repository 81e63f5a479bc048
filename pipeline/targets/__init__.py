"""Where a published snapshot is copied to, beside the DuckDB file that it is.

Every target is a module with a class of one method, `write(snapshot)`: it puts all tables of the
snapshot somewhere, so that a reader there sees all of one snapshot or all of the one before.
"""

import difflib
from collections.abc import Iterable

from pipeline.errors import UsageError
from pipeline.settings import Folder
from pipeline.targets.parquet import Parquet
from pipeline.targets.postgres import Postgres
from pipeline.targets.snapshot import Target
from pipeline.targets.sqlite import Sqlite

FILE = "file"
MEMORY = "memory"
COPIES: dict[str, type[Target]] = {"parquet": Parquet, "sqlite": Sqlite, "postgres": Postgres}


def copies(names: Iterable[str], folder: Folder) -> dict[str, Target]:
    """Make the targets of these names but `file`, which is the snapshot that they copy."""
    wanted = [name for name in dict.fromkeys(names) if name != FILE]
    for name in wanted:
        if name == MEMORY:
            raise UsageError(
                "what is published to memory is gone when the command ends: in a notebook, "
                "`pipeline.memory.run()` gives a database; for CI, `dbt build --target memory`"
            )
        if name not in COPIES:
            known = [FILE, *COPIES]
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            raise UsageError(f"'{name}' is no target; {hint}")
    return {name: COPIES[name](folder) for name in wanted}
