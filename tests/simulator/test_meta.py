"""Meta's Marketing API as it stands on the wire: shapes, refusals, runs and faults."""

import hashlib
import hmac
import json
from typing import Any

import pytest

from simulator.portfolio import ACCOUNTS

US, DE, SE, JP = (account.id for account in ACCOUNTS[4:])
ACT = f"act_{US}"
RANGE = {"since": "2026-11-01", "until": "2026-11-20"}
FIELDS = "account_id,campaign_id,campaign_name,impressions,clicks,inline_link_clicks,spend,actions"
ASKED = {"level": "campaign", "fields": FIELDS, "time_range": RANGE, "time_increment": "1"}


def error(answer: Any) -> tuple[int, int, int | None]:
    """Status, code and subcode."""
    found = answer.json["error"]
    assert found["type"] == "OAuthException"
    return answer.status, found["code"], found.get("error_subcode")


def test_accounts(client: Any) -> None:
    fields = "name,currency,timezone_name,account_status"
    assert client.graph(f"act_{JP}", fields=fields).json == {
        "id": f"act_{JP}", "name": "Tern & Tarn 日本", "currency": "JPY",
        "timezone_name": "Asia/Tokyo", "account_status": 1}  # fmt: skip
    own = client.pages("me/adaccounts", fields="currency", limit="3")
    assert [account["id"] for account in own] == [f"act_{i}" for i in (US, DE, SE, JP)]
    assert error(client.graph("act_1")) == (400, 100, 33)


def test_a_row_is_all_strings_and_zeros_are_absent(client: Any) -> None:
    rows = client.pages(f"{ACT}/insights", limit="100", **ASKED)
    assert {type(v) for row in rows for k, v in row.items() if k != "actions"} == {str}
    assert not any(row["spend"].endswith("0") and "." in row["spend"] for row in rows)
    assert {len(row["spend"].partition(".")[2]) for row in rows} >= {1, 2}
    small = client.pages(f"act_{JP}/insights", limit="500", **{**ASKED, "level": "ad"})
    assert any("inline_link_clicks" not in row for row in small)
    assert all({"impressions", "clicks", "spend"} <= set(row) for row in small)
    assert not any("." in row["spend"] for row in small)


def test_action_types_overlap_and_windows_are_further_keys(client: Any) -> None:
    windows = ["1d_click", "7d_click", "28d_click", "1d_view"]
    rows = client.pages(f"{ACT}/insights", action_attribution_windows=windows, **ASKED)
    seen = [{a["action_type"]: a for a in row.get("actions", [])} for row in rows]
    sold = next(actions for actions in seen if "purchase" in actions)
    types = ("omni_purchase", "purchase", "offsite_conversion.fb_pixel_purchase")
    assert len({json.dumps({**sold[t], "action_type": ""}) for t in types}) == 1
    sale = sold["purchase"]
    count = {w: int(sale.get(w, 0)) for w in windows}
    assert int(sale["value"]) == count["7d_click"] + count["1d_view"]
    assert count["1d_click"] <= count["7d_click"] <= count["28d_click"]
    assert int(sold["page_engagement"]["value"]) >= int(sold["link_click"]["value"])
    for removed in ("7d_view", "28d_view"):
        answer = client.graph(f"{ACT}/insights", action_attribution_windows=[removed], **ASKED)
        assert error(answer) == (400, 100, None)


def test_pages_of_25_by_numbered_cursors_with_the_token_in_next(client: Any) -> None:
    answer = client.graph(f"{ACT}/insights", **ASKED).json
    assert len(answer["data"]) == 25
    assert answer["paging"]["cursors"] == {"before": "MAZDZD", "after": "MjQZD"}
    assert client.control.access_token in answer["paging"]["next"]
    assert "limit=25" in answer["paging"]["next"]
    rows = client.pages(f"{ACT}/insights", **ASKED)
    last = client.graph(f"{ACT}/insights", limit="500", **ASKED).json
    assert last["data"] == rows and "next" not in last["paging"]
    after = last["paging"]["cursors"]["after"]
    assert error(client.graph(f"{ACT}/insights", after=after, **ASKED)) == (400, 2642, None)
    client.control.faults.add("last_page_cursor")
    assert (
        client.graph(f"{ACT}/insights", after=after, limit="10", **ASKED).json["data"] == rows[-10:]
    )


def test_ranges_without_increment_and_breakdowns(client: Any) -> None:
    ask = {"level": "account", "fields": "spend,impressions", "time_range": RANGE}
    [row] = client.pages(f"{ACT}/insights", **ask)
    assert (row["date_start"], row["date_stop"]) == ("2026-11-01", "2026-11-20")
    weeks = client.pages(f"{ACT}/insights", time_increment="7", **ask)
    assert [r["date_stop"] for r in weeks] == ["2026-11-07", "2026-11-14", "2026-11-20"]
    assert sum(int(r["impressions"]) for r in weeks) == int(row["impressions"])
    parts = client.pages(f"{ACT}/insights", breakdowns="device_platform", **ask)
    assert {r["device_platform"] for r in parts} == {"mobile_app", "mobile_web", "desktop"}
    assert error(client.graph(f"{ACT}/insights", **{**ask, "fields": "device_platform"}))[1] == 100
    assert error(client.graph(f"{ACT}/insights", **{**ask, "fields": "foo"}))[1] == 100
    old = {"since": "2023-01-01", "until": "2023-01-02"}
    assert error(client.graph(f"{ACT}/insights", **{**ask, "time_range": old}))[:2] == (400, 3018)
    assert client.graph(f"{ACT}/insights", level="campaign").json["data"][0]["date_stop"]


def test_deleted_objects_hide_but_their_rows_and_they_themselves_stay(client: Any) -> None:
    listed = client.pages(f"act_{SE}/campaigns", fields="name,effective_status,daily_budget")
    asked = client.pages(f"act_{SE}/campaigns", fields="effective_status",
                         effective_status=["ACTIVE", "PAUSED", "DELETED"])  # fmt: skip
    filtered = client.pages(
        f"act_{SE}/ads", fields="effective_status",
        filtering=[{"field": "ad.effective_status", "operator": "IN", "value": ["DELETED"]}],
    )  # fmt: skip
    gone = {c["id"] for c in asked} - {c["id"] for c in listed}
    assert len(gone) == 1 and filtered
    [one] = gone
    assert client.graph(one, fields="effective_status").json["effective_status"] == "DELETED"
    asked_long = {**ASKED, "time_range": {"since": "2026-10-15", "until": "2026-11-20"}}
    rows = client.pages(f"act_{SE}/insights", limit="500", **asked_long)
    assert one in {row["campaign_id"] for row in rows}
    assert "." not in listed[0]["daily_budget"]
    of_campaign = client.pages(f"{one}/insights", fields="campaign_id,spend", time_range={
        "since": "2026-10-15", "until": "2026-11-20"})  # fmt: skip
    assert {row["campaign_id"] for row in of_campaign} == {one}


def test_tokens_and_proofs(client: Any) -> None:
    assert error(client.graph("me", access_token="old"))[:2] == (400, 190)
    header = {"Authorization": f"Bearer {client.control.access_token}"}
    assert client.call("GET", "/v26.0/me", headers=header).status == 200
    key, token = client.control.app_secret.encode(), client.control.access_token.encode()
    proof = hmac.new(key, token, hashlib.sha256).hexdigest()
    assert client.graph("me", appsecret_proof="bad").status == 400
    client.control.require_proof = True
    assert client.graph("me").status == 400
    assert client.graph("me", appsecret_proof=proof).status == 200
    assert client.call("GET", "/v22.0/me", headers=header).status == 400
    usage = client.graph(ACT, appsecret_proof=proof).headers
    assert json.loads(usage["x-business-use-case-usage"])[US][0]["call_count"] < 100
    assert usage["facebook-api-version"] == "v26.0"


def run(client: Any) -> str:
    """Start a report run."""
    answer = client.graph(f"{ACT}/insights", "POST", **ASKED).json
    assert isinstance(answer["report_run_id"], str)
    return answer["report_run_id"]


def statuses(client: Any, run_id: str, polls: int = 4) -> list[tuple[str, int]]:
    found = [client.graph(run_id).json for _ in range(polls)]
    return [(f["async_status"], f["async_percent_completion"]) for f in found]


def test_report_runs(client: Any) -> None:
    number = run(client)
    assert error(client.graph(f"{number}/insights")) == (400, 2601, 1815107)
    assert statuses(client, number, 2) == [("Job Running", 55), ("Job Completed", 100)]
    rows = client.pages(f"{number}/insights", limit="40")
    assert rows == client.pages(f"{ACT}/insights", **ASKED)


def test_report_runs_that_mislead(client: Any) -> None:
    add = client.control.faults.add
    add("async_running_100")
    number = run(client)
    assert statuses(client, number, 2) == [("Job Running", 100)] * 2
    answer = client.graph(f"{number}/insights")
    assert error(answer) == (400, 2601, 1815107) and answer.json["error"]["is_transient"] is True
    assert statuses(client, number, 1) == [("Job Completed", 100)]
    assert client.graph(f"{number}/insights").status == 200
    add("async_not_ready")
    number = run(client)
    assert statuses(client, number, 2)[-1][0] == "Job Completed"
    assert error(client.graph(f"{number}/insights"))[1] == 2601
    assert client.graph(f"{number}/insights").status == 200
    for fault, last in (("failed", "Job Failed"), ("skipped", "Job Skipped")):
        add(f"async_{fault}")
        assert statuses(client, run(client), 2)[-1][0] == last
    add("async_stuck")
    assert {percent for _, percent in statuses(client, run(client), 9)} == {0}
    add("async_not_found_33")
    number = run(client)
    assert error(client.graph(number)) == (400, 100, 33)
    assert client.graph(number).status == 200


FAULTS = {
    "token_expires": (400, 190, 463),
    "revoked:1": (400, 190, 460),
    "server_500": (500, 2, None),
    "throttle_80000:minutes=3": (400, 80000, 2446079),
    "throttle_80000:code=17": (400, 17, 2446079),
    f"forbidden_account:1:account={US}": (403, 200, None),
    f"disabled_account:1:account={US}": (403, 200, None),
    "retired_version:1": (400, 2635, None),
}


@pytest.mark.parametrize(("fault", "expected"), FAULTS.items())
def test_faults_that_answer_with_errors(
    client: Any, fault: str, expected: tuple[int, int, int | None]
) -> None:
    client.control.faults.add(fault)
    answer = client.graph(f"{ACT}/insights", **ASKED)
    assert error(answer) == expected and "retry-after" not in answer.headers
    if "minutes" in fault:
        [use] = json.loads(answer.headers["x-business-use-case-usage"])[US]
        assert use["estimated_time_to_regain_access"] == 3
    assert client.graph(f"{ACT}/insights", **ASKED).status == 200


def test_fault_reduce_data_is_healed_by_asking_less_not_by_asking_again(client: Any) -> None:
    client.control.faults.add("reduce_data")
    for _ in range(3):
        assert error(client.graph(f"{ACT}/insights", limit="100", **ASKED)) == (500, 1, None)
    assert client.graph(f"{ACT}/insights", limit="50", **ASKED).status == 200
    client.control.faults.clear()
    client.control.faults.add("reduce_data:days=7")
    assert client.graph(f"{ACT}/insights", **ASKED).status == 500
    week = {**ASKED, "time_range": {"since": "2026-11-01", "until": "2026-11-07"}}
    assert client.graph(f"{ACT}/insights", **week).status == 200


def test_faults_of_pages(client: Any) -> None:
    rows = client.pages(f"{ACT}/insights", **ASKED)
    add = client.control.faults.add
    add("empty_page_with_next")
    empty = client.graph(f"{ACT}/insights", **ASKED).json
    assert empty["data"] == [] and "next" in empty["paging"]
    add("empty_page_with_next:after=1")
    assert client.pages(f"{ACT}/insights", **ASKED) == rows
    add("page_repeated")
    assert client.pages(f"{ACT}/insights", **ASKED) == rows[:25] + rows
    add("evil_next")
    assert (
        "//graph.facebook.invalid/"
        in client.graph(f"{ACT}/insights", **ASKED).json["paging"]["next"]
    )
    after = client.graph(f"{ACT}/insights", **ASKED).json["paging"]["cursors"]["after"]
    add("page_500")
    assert error(client.graph(f"{ACT}/insights", after=after, **ASKED))[0] == 500


def test_faults_of_fields(client: Any) -> None:
    for fault in ("new_field:1", "missing_field:1", "new_action_type:1", "unknown_enum:1"):
        client.control.faults.add(fault)
    ask = {**ASKED, "fields": f"{FIELDS},objective"}
    row = client.graph(f"{ACT}/insights", **ask).json["data"][0]
    assert "neural_lift_index" in row and "spend" not in row
    assert row["objective"] == "OUTCOME_AGENTIC"
    assert "onsite_neural_purchase" in {a["action_type"] for a in row["actions"]}


def test_control_and_faults_over_http(client: Any) -> None:
    change = json.dumps({"today": "2026-11-25", "faults": ["server_500:2"]})
    state = client.call("POST", "/_control", change).json
    assert state["now"] == "2026-11-25" and state["faults"][0]["left"] == 2
    assert client.call("POST", "/_control", '{"faults": ["nonsense"]}').status == 422
    assert client.call("POST", "/_control", '{"nonsense": 1}').status == 422
    assert client.call("POST", "/_control", '{"clear": true}').json["faults"] == []
