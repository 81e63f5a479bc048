"""What Meta means by its errors: the codes decide, the type OAuthException says nothing."""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from ingestion.http import Answer, Cut, Problem, Refused, TooMuch, TooOld, UnknownField, Verdict

THROTTLES = {4, 17, 32, 341, 613, *range(80000, 80015)}
PASSING = {1, 2, 960}
NOT_READY = {2601, 2637}
NOT_READY_SUBCODE = 1815107
TOO_MUCH_SUBCODES = {1487534, 1504018, 1504038}
INVALID_BREAKDOWNS = 1504041
PERMISSIONS = {3, 10, *range(200, 300)}
GOOD = re.compile(rb'\s*\{\s*"data"\s*:\s*\[')
FIELDS = re.compile(
    r"nonexisting field|not valid for fields|invalid field|breakdown", re.IGNORECASE
)
TOKENS = {
    458: "the app was removed",
    459: "the user must log in again",
    460: "the password was changed",
    463: "it has expired",
    467: "it is no longer valid",
}


class NotReady(Problem):
    """A report job that says it is done, and cannot be read yet."""


class Missing(Refused):
    """No such object, or no permission to see it: the platform does not tell which."""


def judge(answer: Answer) -> Verdict | None:
    """Tell what an answer means; None when it is what was asked for."""
    good = 200 <= answer.status < 300
    if good and GOOD.match(answer.body) and answer.body.rstrip().endswith(b"}"):
        return None
    try:
        content = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        content = None
    error = content.get("error") if isinstance(content, dict) else None
    if good and content is None:
        return Verdict("retry", "the answer is cut off", problem=Cut)
    if good and error is None:
        return None
    return verdict_of(answer.status, answer.headers, error if isinstance(error, dict) else {})


def verdict_of(status: int, headers: Mapping[str, str], error: Mapping[str, Any]) -> Verdict:
    """Tell what an error object means."""
    code, subcode = _number(error.get("code")), _number(error.get("error_subcode"))
    message = str(error.get("error_user_msg") or error.get("message") or "")
    everything = f"{error.get('message')} {error.get('error_user_msg')}"
    detail = f"HTTP {status}" + (f" code {code}/{subcode}" if error else "")
    detail += f": {message}" if message else ""
    if code in THROTTLES:
        return Verdict("throttled", detail, wait_asked(headers))
    if "reduce the amount of data" in everything.lower() or subcode in TOO_MUCH_SUBCODES:
        return Verdict("raise", detail, problem=TooMuch)
    if code in NOT_READY or subcode == NOT_READY_SUBCODE:
        return Verdict("raise", detail, problem=NotReady)
    if code == 190:
        why = TOKENS.get(subcode, "it is refused")
        remedy = f"the access token is dead ({why}): make a new one and set ACCESS_TOKEN"
        return Verdict("renew", f"{detail}; {remedy}")
    if code == 100 and subcode == 33:
        return Verdict("raise", f"{detail}; {NO_PERMISSION}", problem=Missing)
    if code in PERMISSIONS or status == 403:
        return Verdict("raise", f"{detail}; {NO_PERMISSION}", problem=Refused)
    if code == 3018 or "37 months" in everything:
        return Verdict("raise", detail, problem=TooOld)
    if code == 2642:
        return Verdict("raise", detail, problem=Cut)
    if subcode == INVALID_BREAKDOWNS or (code == 100 and FIELDS.search(everything)):
        return Verdict("raise", detail, problem=UnknownField)
    if code in PASSING or error.get("is_transient") is True or status in (408, 429, 425):
        return Verdict("retry", detail, _seconds(headers.get("Retry-After")))
    if status >= 500:
        return Verdict("retry", detail)
    if status == 401:
        return Verdict("renew", f"{detail}; set ACCESS_TOKEN to a token that is valid")
    if 300 <= status < 400:
        detail = f"HTTP {status}: the address redirects elsewhere: set BASE_URL"
    elif status == 404 or code == 2635:
        detail += "; see BASE_URL and API_VERSION"
    return Verdict("raise", detail, problem=Problem)


NO_PERMISSION = (
    "give the token's user or system user ads_read on this ad account, settle what disabled it, "
    "or leave it out of ACCOUNT_IDS"
)


def wait_asked(headers: Mapping[str, str]) -> float | None:
    """Find the seconds to wait in the usage headers: there is no Retry-After."""
    waits = []
    for entries in _usage(headers, "x-business-use-case-usage").values():
        for entry in entries if isinstance(entries, list) else []:
            minutes = _seconds(entry.get("estimated_time_to_regain_access"))
            waits.append((minutes or 0.0) * 60)
    if not any(waits):
        account = _usage(headers, "x-ad-account-usage")
        waits.append(_seconds(account.get("reset_time_duration")) or 0.0)
    if not any(waits):
        waits.append(_seconds(headers.get("Retry-After")) or 0.0)
    return max(waits) or None


def _usage(headers: Mapping[str, str], name: str) -> dict[str, Any]:
    try:
        content = orjson.loads(headers.get(name) or "{}")
    except orjson.JSONDecodeError:
        return {}
    return content if isinstance(content, dict) else {}


def _seconds(value: Any) -> float | None:
    try:
        return max(float(value), 0.0)
    except (TypeError, ValueError):
        return None


def _number(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0
