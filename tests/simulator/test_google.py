"""Google Ads as it stands on the wire: shapes, types, refusals and faults."""

import json
from http.client import IncompleteRead
from typing import Any

import pytest

from simulator.portfolio import ACCOUNTS, MANAGER, SUB_MANAGER

US, DE, SE, JP = (account.id for account in ACCOUNTS[:4])
DAYS = "segments.date BETWEEN '2026-11-01' AND '2026-11-20'"
DAILY = f"SELECT campaign.id, segments.date, metrics.cost_micros FROM campaign WHERE {DAYS}"


def code(answer: Any) -> str:
    """The first error's code."""
    content = answer.json[0] if isinstance(answer.json, list) else answer.json
    [(_, name)] = content["error"]["details"][0]["errors"][0]["errorCode"].items()
    return name


def test_refresh_token_buys_an_access_token(client: Any) -> None:
    answer = client.login()
    assert answer.json["expires_in"] == 3599 and answer.json["token_type"] == "Bearer"
    assert client.login(refresh_token="other").json["error"] == "invalid_grant"
    client.control.faults.add("dead_refresh_token")
    assert (client.login().status, client.login().json["error"]) == (400, "invalid_grant")


def test_accounts_are_found_through_managers(client: Any) -> None:
    client.login()
    answer = client.call("GET", "/v26/customers:listAccessibleCustomers",
                         headers={"Authorization": f"Bearer {client.token}"})  # fmt: skip
    assert answer.json == {"resourceNames": [f"customers/{i}" for i in (MANAGER, SUB_MANAGER, US)]}
    query = ("SELECT customer_client.client_customer, customer_client.level, "
             "customer_client.manager, customer_client.currency_code, "
             "customer_client.id FROM customer_client")  # fmt: skip
    clients = [row["customerClient"] for row in client.rows(MANAGER, query)]
    assert {c["id"] for c in clients if c["manager"] is False} == {US, DE, SE, JP}
    assert clients[0]["level"] == "0"
    answer = client.gaql(SUB_MANAGER, query, login=SUB_MANAGER)
    below = [row["customerClient"]["id"] for row in answer.json[0]["results"]]
    assert JP in below
    assert client.gaql(US, DAILY, login="").status == 200
    assert code(client.gaql(DE, DAILY, login="")) == "USER_PERMISSION_DENIED"
    assert code(client.gaql(DE, DAILY, login="481-516-2342")) == "INVALID_LOGIN_CUSTOMER_ID"


def test_types_on_the_wire(client: Any) -> None:
    row = client.rows(JP, "SELECT segments.date, campaign.name, metrics.impressions, "
                      "metrics.clicks, metrics.cost_micros, "
                      "metrics.conversions, metrics.ctr FROM campaign "
                      f"WHERE {DAYS} ORDER BY metrics.cost_micros DESC LIMIT 1")[0]  # fmt: skip
    m = row["metrics"]
    assert m["costMicros"].isdigit() and int(m["costMicros"]) > 2**31
    assert int(m["costMicros"]) % 1_000_000 == 0
    assert m["impressions"].isdigit() and m["clicks"].isdigit()
    text = client.gaql(
        US, f"SELECT metrics.conversions, metrics.ctr FROM customer WHERE {DAYS}"
    ).body
    values = json.loads(text)[0]["results"][0]["metrics"]
    assert isinstance(values["conversions"], float) and isinstance(values["ctr"], float)
    # The resource that was asked, and each that was touched, names itself.
    assert json.loads(text)[0]["results"][0]["customer"] == {"resourceName": f"customers/{US}"}
    assert set(row) == {"campaign", "metrics", "segments"}
    assert row["campaign"]["resourceName"].startswith(f"customers/{JP}/campaigns/")


def test_stream_is_one_array_of_batches_over_many_lines(client: Any) -> None:
    client.control.page_size = 30
    answer = client.gaql(US, DAILY)
    batches = answer.json
    assert answer.body.count(b"\n") > 500 and len(batches) > 2
    assert all(len(batch["results"]) <= 30 for batch in batches)
    assert {b["fieldMask"] for b in batches} == {"campaign.id,segments.date,metrics.costMicros"}
    assert [b for b in batches if "queryResourceConsumption" in b] == [batches[-1]]
    client.control.indent = False
    assert client.gaql(US, DAILY).json == batches


def test_nothing_found_is_an_empty_array_or_a_batch_without_results(client: Any) -> None:
    answers = [
        client.gaql(US, DAILY.replace("2026-11-20'", f"2026-11-20' AND campaign.id = {n}")).json
        for n in range(6)
    ]
    assert all(not a or (len(a) == 1 and "results" not in a[0]) for a in answers)
    assert any(not a for a in answers) and any(answers)
    page = client.gaql(US, DAILY + " AND campaign.id = 1", "search").json
    assert "results" not in page and "nextPageToken" not in page


def test_rows_without_delivery_appear_only_without_segments(client: Any) -> None:
    day = "segments.date BETWEEN '2026-11-21' AND '2026-11-21'"
    ask = "SELECT campaign.id, metrics.clicks{} FROM campaign WHERE " + day
    all_rows = client.rows(SE, ask.format(""))
    some = client.rows(SE, ask.format(", segments.date"))
    assert "0" in {row["metrics"]["clicks"] for row in all_rows}
    assert len(some) < len(all_rows) and "0" not in {row["metrics"]["clicks"] for row in some}


def test_pages_hold_together_by_tokens_of_the_same_query(client: Any) -> None:
    client.control.page_size = 40
    rows, token = [], None
    while True:
        more = {"pageToken": token} if token else {}
        page = client.gaql(US, DAILY, "search", **more).json
        rows += page["results"]
        token = page.get("nextPageToken")
        if not token:
            break
    assert rows == client.rows(US, DAILY)
    token = client.gaql(US, DAILY, "search").json["nextPageToken"]
    assert code(client.gaql(US, DAILY + " ", "search", pageToken=token)) == "INVALID_PAGE_TOKEN"
    assert code(client.gaql(US, DAILY, "search", pageToken="x")) == "INVALID_PAGE_TOKEN"
    assert code(client.gaql(US, DAILY, "search", pageSize=10)) == "PAGE_SIZE_NOT_SUPPORTED"
    client.control.page_token_seconds = -1
    assert code(client.gaql(US, DAILY, "search", pageToken=token)) == "EXPIRED_PAGE_TOKEN"


REFUSED = {
    f"SELECT campaign.start_date FROM campaign WHERE {DAYS}": "UNRECOGNIZED_FIELD",
    f"SELECT metrics.video_views FROM campaign WHERE {DAYS}": "UNRECOGNIZED_FIELD",
    "SELECT campaign.id FROM campaigns": "BAD_RESOURCE_TYPE_IN_FROM_CLAUSE",
    "SELECT ad_group.id FROM campaign": "PROHIBITED_RESOURCE_TYPE_IN_SELECT_CLAUSE",
    "SELECT segments.date FROM campaign": "EXPECTED_FILTERS_ON_DATE_RANGE",
    "SELECT segments.date FROM campaign WHERE segments.date >= '2026-11-01'":
        "EXPECTED_FILTERS_ON_DATE_RANGE",
    f"SELECT metrics.clicks FROM campaign WHERE {DAYS} AND segments.device = 'MOBILE'":
        "EXPECTED_REFERENCED_FIELD_IN_SELECT_CLAUSE",
    f"SELECT metrics.clicks, segments.conversion_action FROM campaign WHERE {DAYS}":
        "PROHIBITED_SEGMENT_WITH_METRIC_IN_SELECT_OR_WHERE_CLAUSE",
    "SELECT segments.date, metrics.clicks FROM campaign WHERE segments.date BETWEEN '2023-09-30' "
    "AND '2026-11-01'": "REQUESTED_DATE_GRANULARITY_NOT_SUPPORTED",
    "SELECT campaign.id": "EXPECTED_FROM",
}  # fmt: skip


@pytest.mark.parametrize(("query", "error"), REFUSED.items(), ids=[*REFUSED.values()])
def test_queries_that_are_refused(client: Any, query: str, error: str) -> None:
    for method in ("search", "searchStream"):
        answer = client.gaql(US, query, method)
        assert (answer.status, code(answer)) == (400, error)
        assert isinstance(answer.json, list) == (method == "searchStream")


def test_managers_have_no_metrics_and_pmax_has_no_ads(client: Any) -> None:
    assert code(client.gaql(MANAGER, DAILY)) == "REQUESTED_METRICS_FOR_MANAGER"
    ads = client.rows(US, "SELECT campaign.advertising_channel_type, ad_group_ad.ad.name FROM "
                      "ad_group_ad")  # fmt: skip
    assert "PERFORMANCE_MAX" not in {row["campaign"]["advertisingChannelType"] for row in ads}
    assert {"name" in row["adGroupAd"]["ad"] for row in ads} == {True, False}
    assert (
        client.rows(US, "SELECT campaign.id FROM campaign WHERE campaign.status = 'REMOVED'") == []
    )
    months = f"SELECT segments.month, metrics.clicks FROM customer WHERE {DAYS}"
    assert [r["segments"]["month"] for r in client.rows(US, months)] == ["2026-11-01"]


def test_versions_and_tokens(client: Any) -> None:
    client.login()
    path = "/v{}/customers:listAccessibleCustomers"
    headers = {"Authorization": f"Bearer {client.token}", "developer-token": "ignored"}
    assert client.call("GET", path.format(23), headers=headers).status == 200
    assert code(client.call("GET", path.format(22), headers=headers)) == "UNSUPPORTED_VERSION"
    client.token = "wrong"
    assert (client.gaql(US, DAILY).status, code(client.gaql(US, DAILY))) == (
        401, "OAUTH_TOKEN_INVALID")  # fmt: skip


def test_requests_are_logged_with_their_days_and_without_secrets(client: Any) -> None:
    client.rows(US, DAILY)
    log = client.call("GET", "/_log").json
    assert (log[-1]["account"], log[-1]["since"], log[-1]["until"]) == (
        US, "2026-11-01", "2026-11-20")  # fmt: skip
    assert client.token not in str(log) and client.control.refresh_token not in str(log)


def test_fault_cut_stream(client: Any) -> None:
    whole = client.gaql(US, DAILY)
    client.control.faults.add("cut_stream")
    with pytest.raises(IncompleteRead) as cut:
        client.gaql(US, DAILY)
    assert whole.body.startswith(cut.value.partial) and 0 < len(cut.value.partial) < len(whole.body)
    assert client.gaql(US, DAILY).body == whole.body


FAULTS = {
    "error_on_stream": (500, "INTERNAL_ERROR"),
    "quota_429:delay=7s": (429, "RESOURCE_EXHAUSTED"),
    "token_expires": (401, "OAUTH_TOKEN_EXPIRED"),
    "server_500:status=503": (503, "TRANSIENT_ERROR"),
    "revoked:times=1": (401, "OAUTH_TOKEN_REVOKED"),
    f"forbidden_account:1:account={US}": (403, "USER_PERMISSION_DENIED"),
    f"disabled_account:1:account={US}": (403, "CUSTOMER_NOT_ENABLED"),
    "retired_version:1": (400, "UNSUPPORTED_VERSION"),
}


@pytest.mark.parametrize(("fault", "expected"), FAULTS.items())
def test_faults_that_answer_with_errors(client: Any, fault: str, expected: tuple[int, str]) -> None:
    client.login()
    client.control.faults.add(fault)
    answer = client.gaql(US, DAILY)
    assert (answer.status, code(answer)) == expected and isinstance(answer.json, list)
    assert "retry-after" not in answer.headers
    if fault.startswith("quota"):
        error = answer.json[0]["error"]["details"][0]["errors"][0]
        assert error["details"]["quotaErrorDetails"]["retryDelay"] == "7s"
    if fault == "token_expires":
        assert client.gaql(US, DAILY).status == 401
        client.login()
    assert client.gaql(US, DAILY).status == 200


def test_fault_error_mid_stream(client: Any) -> None:
    client.control.faults.add("error_mid_stream")
    answer = client.gaql(US, DAILY)
    assert answer.status == 200 and answer.json[-1]["error"]["code"] == 500


def test_faults_of_pages(client: Any) -> None:
    client.control.page_size = 40
    faults = client.control.faults
    first = client.gaql(US, DAILY, "search").json
    token = first["nextPageToken"]
    faults.add("page_500")
    assert client.gaql(US, DAILY, "search", pageToken=token).status == 500
    faults.add("page_repeated")
    again = client.gaql(US, DAILY, "search", pageToken=token).json
    assert again["results"] == first["results"] and again["nextPageToken"]
    faults.add("expired_page_token")
    assert code(client.gaql(US, DAILY, "search", pageToken=token)) == "EXPIRED_PAGE_TOKEN"
    faults.add("empty_page_with_next")
    empty = client.gaql(US, DAILY, "search", pageToken=token).json
    assert "results" not in empty
    rest = client.gaql(US, DAILY, "search", pageToken=empty["nextPageToken"]).json
    assert rest["results"][0] not in first["results"]


def test_faults_of_fields(client: Any) -> None:
    ask = DAILY.replace("SELECT ", "SELECT campaign.advertising_channel_type, ")
    for fault in ("unknown_enum", "new_field", "missing_field"):
        client.control.faults.add(f"{fault}:1")
    row = client.rows(US, ask)[0]
    assert "aiOverview" in row and "costMicros" not in row["metrics"]
    client.control.faults.add("unknown_enum:1")
    kinds = {r["campaign"]["advertisingChannelType"] for r in client.rows(US, ask)}
    assert "UNKNOWN" in kinds
