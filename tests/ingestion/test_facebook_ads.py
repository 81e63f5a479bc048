"""Meta, read from simulated accounts over HTTP; for faults see tests/pipeline."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import orjson
import pytest

from ingestion.facebook_ads import FacebookAds
from ingestion.facebook_errors import Missing, NotReady, judge
from ingestion.facebook_pages import cut_page
from ingestion.facebook_queries import DEVICES
from ingestion.http import Answer, Cut, Drifted, Problem, Refused, TooMuch, TooOld, UnknownField
from pipeline.settings import Folder
from simulator.server import Simulator
from simulator.world import ANCHOR
from simulator.world import DEVICES as SIMULATED_DEVICES
from tests.ingestion.accounts_bench import Accounts, prepare, running

pytestmark = pytest.mark.xdist_group("facebook_ads")
VICTIM = "203948175620392"


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """One simulated world for all tests of this file."""
    with running() as simulator:
        yield simulator


@pytest.fixture
def meta(simulator: Simulator, folder: Folder, monkeypatch: pytest.MonkeyPatch) -> Accounts:
    """Meta in its first state and an empty warehouse."""
    return prepare("facebook_ads", simulator, folder, monkeypatch)


def test_a_clean_load_is_the_truth_and_re_reading_follows_it(meta: Accounts) -> None:
    meta.simulator.control.require_proof = True
    for days in (0, 3, 20):
        meta.at(ANCHOR + timedelta(days))
        outcome = meta.collect()
        assert not outcome.failures and outcome.units == 4
        meta.assert_truth()


def test_the_second_run_asks_only_for_the_lookback(meta: Accounts) -> None:
    meta.collect()
    meta.collect()
    asked = [entry for entry in meta.simulator.control.requests if "since" in entry]
    last = ANCHOR - timedelta(1)
    assert {(entry["since"], entry["until"]) for entry in asked} == {
        (str(last - timedelta(27)), str(last))
    }


def test_a_throttle_waits_as_long_as_the_usage_header_says(meta: Accounts) -> None:
    meta.fault("throttle_80000:minutes=4")
    assert not meta.collect().failures
    assert any(abs(wait - 240) < 1 for wait in meta.waits)
    assert any("waiting 240 s" in line for line in meta.said)


def test_a_throttle_beyond_all_patience_is_a_failure(meta: Accounts) -> None:
    meta.configure(ACCOUNT_IDS=f'["act_{VICTIM}"]', MAX_WAIT_SECONDS=60)
    meta.fault("throttle_80000:minutes=4")
    outcome = meta.collect()
    assert "max_wait_seconds" in outcome.failures[0][1]
    assert {status for _, status in meta.statuses()} == {"failed"}


@pytest.mark.parametrize("name", ["impressions", "campaign_id"])
def test_a_missing_field_stops_the_account(meta: Accounts, name: str) -> None:
    meta.fault(f"missing_field:account={VICTIM}:field={name}")
    outcome = meta.collect()
    assert [account for account, _ in outcome.failures] == [VICTIM]
    assert name in outcome.failures[0][1]


def test_where_devices_are_not_known_the_impressions_devices_are_asked(
    meta: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Meta refuses a breakdown by another version or for another account than we know."""
    monkeypatch.setattr("simulator.meta_rows.BREAKDOWNS", (DEVICES[1],))
    meta.configure(START_DATE=ANCHOR - timedelta(10))
    assert not meta.collect().failures
    assert any(f"asking by {DEVICES[1]}" in line for line in meta.said)
    devices = meta.rows(f"select distinct {DEVICES[0]} from campaign_device")
    assert {device for (device,) in devices} == set(SIMULATED_DEVICES[DEVICES[1]])
    sums = (
        "select account_id, campaign_id, date, sum(impressions), sum(clicks), sum(spend), "
        "sum(conversions), sum(conversion_value) from {} group by all order by all"
    )
    assert meta.rows(sums.format("campaign_device")) == meta.rows(sums.format("campaign"))


def test_conversions_are_of_one_type_and_every_action_is_kept(meta: Accounts) -> None:
    meta.fault("new_action_type", "new_field")
    meta.collect()
    rows = meta.rows(
        "select conversion_action, conversions, conversions_7d_click, conversions_1d_view, "
        "actions, extra from campaign where conversions > 0 and conversions_1d_view > 0 limit 20"
    )
    assert rows
    for chosen, conversions, clicked, viewed, actions, extra in rows:
        entries = {entry["action_type"]: entry for entry in orjson.loads(actions)}
        assert chosen == "omni_purchase"
        assert conversions == Decimal(entries[chosen]["value"])
        assert (clicked, viewed) == (
            Decimal(entries[chosen]["7d_click"]) if "7d_click" in entries[chosen] else None,
            Decimal(entries[chosen]["1d_view"]),
        )
        assert extra is not None
    types = meta.rows("select count(distinct action_type) from campaign_conversion_action")
    assert types[0][0] > 4
    meta.configure(CONVERSION_ACTIONS='["link_click"]')
    meta.collect()
    assert meta.rows("select max(date) from campaign where conversion_action = 'link_click'")


def test_without_ids_all_accounts_of_the_token_are_read(
    meta: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = meta.ids
    monkeypatch.delenv("SOURCES__FACEBOOK_ADS__ACCOUNT_IDS")
    found = FacebookAds().check()
    assert [one["account_id"] for one in found] == wanted
    assert all(one["currency"] and one["time_zone"] and not one["problem"] for one in found)


def test_deleted_objects_are_listed(meta: Accounts) -> None:
    meta.collect()
    statuses = {
        status for (status,) in meta.rows("select distinct effective_status from campaigns")
    }
    assert statuses & {"DELETED", "ARCHIVED"}
    assert meta.rows("select count(*) from budgets where daily_budget > 0")[0][0] > 0


def failure(status: int, code: int, subcode: int = 0, message: str = "Something.") -> Answer:
    """An error as Meta sends it."""
    error = {"message": message, "type": "OAuthException", "code": code, "error_subcode": subcode}
    return Answer(status, {}, orjson.dumps({"error": error}))


def test_errors_mean_what_the_platform_says() -> None:
    for answer, kind, problem in (
        (failure(400, 80000), "throttled", Problem),
        (failure(400, 17, 2446079), "throttled", Problem),
        (failure(500, 1, 99), "retry", Problem),
        (failure(500, 1, 0, "Please reduce the amount of data"), "raise", TooMuch),
        (failure(400, 100, 1487534), "raise", TooMuch),
        (failure(400, 2601, 1815107), "raise", NotReady),
        (failure(400, 190, 463), "renew", Problem),
        (failure(400, 100, 33), "raise", Missing),
        (failure(403, 200), "raise", Refused),
        (failure(400, 2642), "raise", Cut),
        (failure(400, 3018), "raise", TooOld),
        (failure(400, 100, 0, "(#100) Tried accessing nonexisting field"), "raise", UnknownField),
        (failure(400, 100), "raise", Problem),
        (Answer(502, {}, b"<html>"), "retry", Problem),
        (Answer(200, {}, b'{"data":[{"a"'), "retry", Cut),
    ):
        verdict = judge(answer)
        assert verdict is not None
        assert (verdict.kind, verdict.problem) == (kind, problem), answer.body


def test_a_page_is_split_without_its_token() -> None:
    link = "https://host/v/act_1/insights?access_token=secret&after=x"
    paging = {"cursors": {"after": "x"}, "next": link}
    rows = [{"campaign_name": 'a "paging" b', "actions": [{"value": "1"}]}]
    for page in (
        {"data": rows, "paging": paging},
        {"paging": paging, "data": rows},
        {"data": rows, "paging": paging, "summary": {}},
    ):
        for body in (orjson.dumps(page), orjson.dumps(page, option=orjson.OPT_INDENT_2)):
            data, following = cut_page(body)
            assert orjson.loads(data) == {"data": rows}
            assert following == link
            assert b"secret" not in data
    assert cut_page(b'{"data":[]}') == (b'{"data":[]}', None)
    assert cut_page(b'{"data":[],"paging":{"cursors":{"after":"x"}}}') == (b'{"data":[]}', None)
    with pytest.raises(Cut):
        cut_page(b'{"data":[{"a":1}')
    with pytest.raises(Drifted):
        cut_page(b'{"rows":[]}')
