"""The benchmark's sides all load the same; how fast they are is not for a test to judge."""

import dataclasses

import pytest

from bench.runner import Comparison, run
from bench.throughput import KINDS, recorded
from pipeline.errors import CampaignsError


@pytest.mark.parametrize("kind", KINDS)
def test_all_sides_load_the_same(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    with recorded(kind, 4_000, ("plain", "ours", "dicts")) as sides:
        comparison = Comparison(kind, sides)
        comparison.run(1)
        found = [result.totals for (result,) in comparison.results]
        assert found[0]["rows"] > 2_000 and found[0]["clicks"] > 0 and float(found[0]["cost"]) > 0
        assert found[1:] == [found[0], found[0]]
        comparison.show()
        assert f"{found[0]['rows']:,}" in capsys.readouterr().out
        other = dataclasses.replace(sides[0], totals=found[0] | {"rows": 1})
        with pytest.raises(CampaignsError, match="and not"):
            run(other)
