"""dbt on a test's data folder; a process parses the project once, whatever folders it has."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from dbt.contracts.graph.manifest import Manifest

from pipeline.build import run_dbt
from pipeline.settings import Folder

FAILED = ("error", "fail")


@cache
def _manifest() -> Manifest:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as environment:
        environment.setenv("CAMPAIGNS_DATA_DIR", str(Path(folder) / "data"))
        parsed = run_dbt(Folder().prepare(), "parse").result
    assert isinstance(parsed, Manifest)
    return parsed


def dbt(folder: Folder, *command: str, strict: bool = True) -> list[Any]:
    """Run dbt; its results, of which there are some. All of them are good if it is strict."""
    done = run_dbt(folder, *command, manifest=_manifest())
    results = list(getattr(done.result, "results", []))
    assert results and not done.exception, done.exception
    failed = [f"{one.node.name}: {one.message}" for one in results if one.status in FAILED]
    assert not strict or (done.success and not failed), failed
    return results
