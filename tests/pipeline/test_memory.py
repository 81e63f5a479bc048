"""The whole run in memory: the same marts, and nothing on a disk."""

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline import memory
from pipeline.errors import CampaignsError
from pipeline.settings import PROJECT
from tests.demo import EXPORT, SPEC

# Bytes that this process caused to be written to a block device, and what the marts came to. File
# systems may note when a file or folder was last read, which counts as a page; a run that writes
# writes every time.
RUN = """
import json, sys, dlt, dbt.cli.main
from pathlib import Path
from pipeline import memory

def written():
    return int(Path("/proc/self/io").read_text().split("\\nwrite_bytes: ")[1].split()[0])

for attempt in range(3):
    before = written()
    database = memory.run(sys.argv[1:])
    spent = database.execute(
        "select count(*), sum(clicks), cast(sum(cost_local) as varchar)"
        " from marts.fct_campaign_daily"
    ).fetchone()
    held = database.execute("select count(*) from ops.quarantined_rows").fetchone()
    database.close()
    if not (bytes_written := written() - before):
        break
print(json.dumps([bytes_written, *spent, *held]))
"""


@pytest.mark.skipif(not memory.FILES.is_dir(), reason="this machine has no files in memory")
def test_a_run_in_memory_writes_to_no_disk(tmp_path: Path) -> None:
    (tmp_path / "pins.yml").write_text(SPEC, encoding="utf-8")
    (tmp_path / "pins.csv").write_text(EXPORT, encoding="utf-8")
    before = sorted(tmp_path.iterdir())
    environment = {name: value for name, value in os.environ.items() if name not in memory.POINTERS}
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(tmp_path / "pins.yml")],
        cwd=PROJECT,
        env=environment | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    written, rows, clicks, cost, held = json.loads(done.stdout.splitlines()[-1])
    assert (written, rows, clicks, Decimal(cost), held) == (0, 2, 45, Decimal("27.25"), 2)
    assert sorted(tmp_path.iterdir()) == before
    assert not list(memory.FILES.glob("campaigns-*"))


def test_without_files_in_memory_the_remedy_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "FILES", tmp_path / "none")
    with pytest.raises(CampaignsError, match="set CAMPAIGNS_DATA_DIR"):
        memory.run(["pins.yml"])
