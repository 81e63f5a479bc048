"""Pieces of Meta's answers: cursors, errors, usage headers."""

import base64
from typing import Any

import orjson

from simulator.meta_params import MetaError
from simulator.meta_rows import Insights
from simulator.portfolio import Account
from simulator.wire import Response

LIMIT = 25
TOKEN_ERRORS = {
    "expired": (463, "Error validating access token: Session has expired."),
    "revoked": (460, "Error validating access token: The session has been invalidated because the "
                "user changed their password or Facebook has changed the session for security "
                "reasons."),
    "invalid": (467, "Invalid OAuth access token - Cannot parse access token"),
}  # fmt: skip


def cursor_of(row: int) -> str:
    """A row's number as Meta writes it: MAZDZD is 0."""
    return encode(str(max(row, -1)))


def encode(text: str) -> str:
    """A cursor's text."""
    return base64.b64encode(text.encode()).decode().replace("=", "ZD")


def decode(cursor: str) -> str:
    """The text of a cursor; raises MetaError 2642."""
    try:
        return base64.b64decode(cursor.replace("ZD", "=")).decode()
    except ValueError as error:
        raise MetaError(2642, "(#2642) Invalid cursors values") from error


def place(cursor: str) -> int:
    """The row of a cursor of insights."""
    try:
        return int(decode(cursor))
    except ValueError as error:
        raise MetaError(2642, "(#2642) Invalid cursors values") from error


def limit_of(params: dict[str, str]) -> int:
    """Rows a page."""
    text = params.get("limit") or str(LIMIT)
    if not text.isdigit() or text == "0":
        raise MetaError(100, "(#100) Param limit must be a positive integer")
    return int(text)


def note_of(insights: Insights) -> dict[str, Any]:
    """What was asked, for the log."""
    return {"level": insights.level, "breakdowns": insights.breakdowns,
            "since": str(insights.since), "until": str(insights.until)}  # fmt: skip


def unknown(node: str) -> MetaError:
    """No such object, or no right to see it."""
    message = (
        f"Unsupported get request. Object with ID '{node}' does not exist, cannot be loaded due to "
        "missing permissions, or does not support this operation."
    )
    return MetaError(100, message, error_subcode=33)


def usage(account: Account, calls: int = 3, minutes: float = 0) -> dict[str, str]:
    """Headers that say how much of the quota is used."""
    use = {"type": "ads_insights", "call_count": calls, "total_cputime": calls, "total_time": calls,
           "estimated_time_to_regain_access": minutes,
           "ads_api_access_tier": "full_access"}  # fmt: skip
    spent = {"app_id_util_pct": calls, "acc_id_util_pct": calls}
    return {
        "x-business-use-case-usage": orjson.dumps({account.id: [use]}).decode(),
        "x-app-usage": orjson.dumps(
            {"call_count": 1, "total_time": 1, "total_cputime": 1}
        ).decode(),
        "x-fb-ads-insights-throttle": orjson.dumps(spent).decode(),
        "x-ad-account-usage": orjson.dumps({"acc_id_util_pct": calls}).decode(),
    }


def refusal(error: MetaError) -> Response:
    """An error as an answer."""
    content = {"message": error.message, "type": "OAuthException", "code": error.code,
               **error.more, "fbtrace_id": "AsimulatedTrace"}  # fmt: skip
    return Response(error.status, orjson.dumps({"error": content}), error.headers,
                    {"code": error.code})  # fmt: skip
