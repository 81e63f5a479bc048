"""The script by hand makes the marts that dbt makes; how fast is not for a test to judge."""

from pathlib import Path

from bench.runner import Side, run
from bench.warehouse.accounts import ACCOUNTS, CAMPAIGNS


def test_the_script_by_hand_and_dbt_come_to_the_same(tmp_path: Path) -> None:
    days, ads = 40, 2
    file = str(tmp_path / "made.duckdb")
    job = {"file": file, "days": days, "ads": ads}
    totals = run(Side("dbt", "bench.warehouse.sides:make", job, {})).totals
    # Each campaign's ads, and the row of what it has beyond them.
    assert totals["rows"] == ACCOUNTS * CAMPAIGNS * (ads + 1) * days
    run(Side("by hand", "bench.warehouse.sides:by_hand", {"file": file}, totals))
