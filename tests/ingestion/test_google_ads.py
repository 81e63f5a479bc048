"""Google Ads, read from simulated accounts over HTTP; for faults see tests/pipeline."""

from collections.abc import Iterator
from datetime import date, timedelta

import orjson
import pytest

from ingestion.contract import Window
from ingestion.google_ads import GoogleAds
from ingestion.google_errors import judge
from ingestion.google_queries import camel
from ingestion.http import Answer, Problem, Refused, TooOld, UnknownField
from pipeline.errors import UsageError
from pipeline.settings import Folder
from simulator.portfolio import MANAGER
from simulator.server import Simulator
from simulator.world import ANCHOR
from tests.ingestion.accounts_bench import Accounts, prepare, running

pytestmark = pytest.mark.xdist_group("google_ads")


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """One simulated world for all tests of this file."""
    with running() as simulator:
        yield simulator


@pytest.fixture
def google(simulator: Simulator, folder: Folder, monkeypatch: pytest.MonkeyPatch) -> Accounts:
    """Google Ads in its first state and an empty warehouse."""
    return prepare("google_ads", simulator, folder, monkeypatch)


def test_a_clean_load_is_the_truth_and_re_reading_follows_it(google: Accounts) -> None:
    for days in (0, 3, 20):
        google.at(ANCHOR + timedelta(days))
        outcome = google.collect()
        assert not outcome.failures and outcome.units == 4
        google.assert_truth()


def test_the_second_run_asks_only_for_the_lookback(google: Accounts) -> None:
    google.collect()
    google.collect()
    asked = [entry for entry in google.simulator.control.requests if "since" in entry]
    last = ANCHOR - timedelta(1)
    assert {(entry["since"], entry["until"]) for entry in asked} == {
        (str(last - timedelta(29)), str(last))
    }
    assert len(asked) == 4 * 4
    google.assert_truth()


def test_the_lookback_is_per_report(google: Accounts) -> None:
    google.configure(LOOKBACK_DAYS="3", LOOKBACK_DAYS_CAMPAIGN_CONVERSION_ACTION="40")
    google.collect()
    google.collect()
    asked = [entry for entry in google.simulator.control.requests if "since" in entry]
    first = {3: str(ANCHOR - timedelta(3)), 40: str(ANCHOR - timedelta(40))}
    assert {(entry["since"], "conversion_action" in entry["query"]) for entry in asked} == {
        (first[3], False),
        (first[40], True),
    }
    google.assert_truth()


def test_the_first_run_is_clamped_to_what_is_kept(google: Accounts) -> None:
    google.configure(START_DATE="2015-01-01", CUSTOMER_IDS='["5103948271"]')
    assert not google.collect().failures
    asked = [entry["since"] for entry in google.simulator.control.requests if "since" in entry]
    assert min(asked) == "2023-10-23"


def test_what_is_new_passes_through_visibly(google: Accounts) -> None:
    google.fault("new_field", "unknown_enum")
    assert not google.collect().failures
    (extra,) = google.rows("select extra from campaign limit 1")[0]
    assert "aiOverview" in orjson.loads(extra)["metrics"] or "aiOverview" in extra
    assert any("new fields" in line for line in google.said)
    kinds = google.rows("select distinct advertising_channel_type from campaign")
    assert ("UNKNOWN",) in kinds


def test_without_ids_all_accounts_below_the_manager_are_read(
    google: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = google.ids
    monkeypatch.delenv("SOURCES__GOOGLE_ADS__CUSTOMER_IDS")
    found = GoogleAds().check()
    assert [one["account_id"] for one in found if one["problem"] is None] == wanted
    monkeypatch.delenv("SOURCES__GOOGLE_ADS__LOGIN_CUSTOMER_ID")
    found = GoogleAds().check()
    assert [one["account_id"] for one in found if one["problem"] is None] == wanted
    google.configure(CUSTOMER_IDS=f'["{MANAGER[:3]}-{MANAGER[3:6]}-{MANAGER[6:]}"]')
    found = GoogleAds().check()
    assert [one["account_id"] for one in found] == wanted
    assert {one["currency"] for one in found} == {"USD", "EUR", "SEK", "JPY"}
    assert all(one["time_zone"] for one in found)


def test_a_platform_out_of_reach_is_a_failure_not_a_zero(google: Accounts) -> None:
    google.configure(BASE_URL="http://127.0.0.1:9")
    outcome = google.collect()
    assert outcome.failed
    assert "does not answer" in outcome.failures[0][1]
    assert {status for _, status in google.statuses()} == {"failed"}


def test_a_missing_credential_is_a_usage_error(
    google: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOURCES__GOOGLE_ADS__REFRESH_TOKEN")
    with pytest.raises(UsageError, match="REFRESH_TOKEN is not set"):
        google.collect()


def test_since_and_until_bound_what_is_asked(google: Accounts) -> None:
    window = Window(since=date(2026, 11, 2), until=date(2026, 11, 3))
    google.collect(window)
    asked = [entry for entry in google.simulator.control.requests if "since" in entry]
    assert {(one["since"], one["until"]) for one in asked} == {("2026-11-02", "2026-11-03")}
    assert google.rows("select min(date), max(date) from campaign") == [
        (window.since, window.until)
    ]


def failure(status: int, code: dict[str, str], **more: object) -> Answer:
    """An error as Google wraps it, on a stream."""
    one = {"errorCode": code, "message": "Something.", **more}
    error = {"code": status, "message": "Request failed.", "details": [{"errors": [one]}]}
    return Answer(status, {}, orjson.dumps([{"error": error}]))


def test_errors_mean_what_the_platform_says() -> None:
    delay = {"quotaErrorDetails": {"retryDelay": "8962s"}}
    verdict = judge(failure(429, {"quotaError": "RESOURCE_EXHAUSTED"}, details=delay))
    assert verdict is not None
    assert (verdict.kind, verdict.wait) == ("throttled", 8962)
    for status, code, kind, problem in (
        (401, {"authenticationError": "OAUTH_TOKEN_EXPIRED"}, "renew", Problem),
        (401, {"authenticationError": "CUSTOMER_NOT_FOUND"}, "raise", Refused),
        (403, {"authorizationError": "CUSTOMER_NOT_ENABLED"}, "raise", Refused),
        (400, {"queryError": "UNRECOGNIZED_FIELD"}, "raise", UnknownField),
        (400, {"dateRangeError": "REQUESTED_DATE_GRANULARITY_NOT_SUPPORTED"}, "raise", TooOld),
        (400, {"queryError": "BAD_NUMBER"}, "raise", Problem),
        (500, {"internalError": "INTERNAL_ERROR"}, "retry", Problem),
        (503, {}, "retry", Problem),
    ):
        verdict = judge(failure(status, code))
        assert verdict is not None
        assert (verdict.kind, verdict.problem) == (kind, problem), code


def test_fields_are_written_in_camel_case() -> None:
    assert camel("metrics.cost_micros") == "metrics.costMicros"
    assert camel("ad_group_ad.ad.id") == "adGroupAd.ad.id"
