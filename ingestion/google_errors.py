"""What Google Ads means by its errors, and what the reader of a receipt can do about them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from ingestion.http import Answer, Problem, Refused, TooOld, UnknownField, Verdict

BUSY = {
    "RESOURCE_EXHAUSTED",
    "RESOURCE_TEMPORARILY_EXHAUSTED",
    "EXCESSIVE_SHORT_TERM_QUERY_RESOURCE_CONSUMPTION",
    "EXCESSIVE_LONG_TERM_QUERY_RESOURCE_CONSUMPTION",
}
PASSING = {"INTERNAL_ERROR", "TRANSIENT_ERROR", "DEADLINE_EXCEEDED", "INTERNAL", "UNAVAILABLE"}
EXPIRED = {"OAUTH_TOKEN_EXPIRED", "OAUTH_TOKEN_INVALID", "OAUTH_TOKEN_REVOKED", "UNAUTHENTICATED"}
REMEDIES = {
    "USER_PERMISSION_DENIED": "give the user of the refresh token access to this account; where a "
    "manager account reaches it, set LOGIN_CUSTOMER_ID to the manager's id",
    "CUSTOMER_NOT_ENABLED": "the account is not enabled (cancelled, suspended or closed): enable "
    "it again, or leave it out of CUSTOMER_IDS",
    "CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION": "apply for access to production accounts for the "
    "Cloud project that owns the OAuth client",
    "CLOUD_PROJECT_NOT_FOUND": "the OAuth client's Cloud project is gone: make a new client",
    "NOT_ADS_USER": "the refresh token's user has no Google Ads account: sign in with one that has",
    "CUSTOMER_NOT_FOUND": "no such account: see CUSTOMER_IDS",
    "REQUESTED_METRICS_FOR_MANAGER": "a manager account has no metrics: list its clients",
    "UNSUPPORTED_VERSION": "this version of the API is retired: set API_VERSION",
}
FINAL = {"NOT_ADS_USER", "CUSTOMER_NOT_FOUND"}
UNKNOWN = re.compile(
    r"UNRECOGNIZED_FIELD|PROHIBITED_\w+|EXPECTED_REFERENCED_FIELD_IN_SELECT_CLAUSE|BAD_RESOURCE\w*"
)


def judge(answer: Answer) -> Verdict | None:
    """Tell what an answer means; None when it is what was asked for."""
    good = 200 <= answer.status < 300
    if good and not answer.body:
        return None
    try:
        content = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        content = None
    parts = content if isinstance(content, list) else [content]
    errors = [part["error"] for part in parts if isinstance(part, dict) and "error" in part]
    if good and content is not None and not errors:
        return None
    if good and content is None:
        return Verdict("retry", "the answer is cut off")
    return verdict_of(answer.status, answer.headers, errors[0] if errors else {})


def verdict_of(status: int, headers: Mapping[str, str], error: Any) -> Verdict:
    """Tell what an error object means; `status` counts where it names no code itself."""
    error = error if isinstance(error, dict) else {"message": str(error)}
    status = _number(error.get("code")) or status
    names, messages = _names(error)
    first = next((name for name in names if name in REMEDIES), names[0] if names else "")
    detail = f"HTTP {status} {first}".strip()
    if messages:
        detail += f": {messages[-1]}"
    if first in REMEDIES:
        detail += f"; {REMEDIES[first]}"
    known = set(names)
    if known & FINAL:
        return Verdict("raise", detail, problem=Refused)
    if status == 401 or known & EXPIRED:
        return Verdict("renew", f"{detail}; make a new refresh token if this goes on")
    if status == 429 or known & BUSY:
        return Verdict("throttled", detail, _delay(error, messages, headers))
    if "REQUESTED_DATE_GRANULARITY_NOT_SUPPORTED" in known:
        return Verdict("raise", detail, problem=TooOld)
    if known & PASSING or status in (408, 425) or status >= 500:
        return Verdict("retry", detail, _delay(error, messages, headers))
    if status == 403 or "PERMISSION_DENIED" in known or "REQUESTED_METRICS_FOR_MANAGER" in known:
        return Verdict("raise", detail, problem=Refused)
    if any(UNKNOWN.match(name) for name in names):
        return Verdict("raise", detail, problem=UnknownField)
    if 300 <= status < 400:
        detail = f"HTTP {status}: the address redirects elsewhere: set BASE_URL"
    elif status == 404:
        detail += "; see BASE_URL and API_VERSION"
    return Verdict("raise", detail, problem=Problem)


def _names(error: dict[str, Any]) -> tuple[list[str], list[str]]:
    """List the error's codes, most particular first, and its messages."""
    names, messages = [], [str(error["message"])] if error.get("message") else []
    for failure in _failures(error):
        code = failure.get("errorCode")
        names += [str(name) for name in code.values()] if isinstance(code, dict) else []
        if failure.get("message"):
            messages.append(str(failure["message"]))
    return names + ([str(error["status"])] if error.get("status") else []), messages


def _failures(error: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for detail in error.get("details") or []:
        if isinstance(detail, dict):
            yield from (one for one in detail.get("errors") or [] if isinstance(one, dict))


def _delay(error: Any, messages: list[str], headers: Mapping[str, str]) -> float | None:
    """Find the seconds to wait: retryDelay in the body, else the message, else Retry-After."""
    text = orjson.dumps(error).decode()
    found = re.findall(r'"retryDelay":"([\d.]+)s"', text)
    found += [match for line in messages for match in re.findall(r"Retry in ([\d.]+) sec", line)]
    if not found and re.fullmatch(r"\d+", headers.get("Retry-After", "")):
        found = [headers["Retry-After"]]
    return max((float(one) for one in found), default=None)


def _number(code: Any) -> int | None:
    return code if isinstance(code, int) and 100 <= code < 600 else None
