"""Both sides score every row; how fast is not for a test to judge."""

import pytest

from bench.anomalies import DAYS
from bench.runner import Side, run


@pytest.mark.parametrize("side", ["plain", "macro"])
def test_every_row_is_scored(side: str) -> None:
    job = {"series": 20, "side": side}
    done = run(Side(side, "bench.anomalies.sides:score", job, {"rows": 20 * DAYS}))
    assert done.totals == {"rows": 20 * DAYS}
