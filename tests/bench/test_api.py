"""Both sides of the API's benchmark come to the same; how fast is not for a test to judge."""

import shutil

from bench.api import QUESTIONS, both
from pipeline.settings import Folder


def test_the_api_and_sql_by_hand_come_to_the_same_through_a_publish(
    demo: Folder, folder: Folder
) -> None:
    shutil.copytree(demo.published, folder.published)
    found = both(folder, 20_000, 3.0)
    by_hand, over_http = found.loads
    assert over_http.snapshots == 2
    for load in (by_hand, over_http):
        assert {which for which, _ in load.times} == set(range(len(QUESTIONS)))
        assert load.peak > 50
    found.show()
