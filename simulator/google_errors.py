"""Errors of the Google Ads API as they stand on the wire."""

from typing import Any

from simulator.wire import Response, answer

STATUS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED",
          404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL",
          503: "UNAVAILABLE"}  # fmt: skip
ERRORS = {
    "OAUTH_TOKEN_EXPIRED": (401, "authenticationError", "The OAuth token has expired."),
    "OAUTH_TOKEN_INVALID": (401, "authenticationError", "The OAuth token is not valid."),
    "OAUTH_TOKEN_REVOKED": (401, "authenticationError", "The OAuth token has been revoked."),
    "USER_PERMISSION_DENIED": (
        403, "authorizationError", "User doesn't have permission to access customer. Note: If "
        "you're accessing a client customer, the manager's customer id must be set in the "
        "'login-customer-id' header."),
    "CUSTOMER_NOT_ENABLED": (
        403, "authorizationError", "The customer account can't be accessed because it is not yet "
        "enabled or has been deactivated."),
    "INVALID_LOGIN_CUSTOMER_ID": (
        400, "headerError", "The login customer id header is not a number without dashes."),
    "INVALID_CUSTOMER_ID": (400, "requestError", "Invalid customer ID."),
    "UNSUPPORTED_VERSION": (400, "requestError", "This version of the API has been retired."),
    "PAGE_SIZE_NOT_SUPPORTED": (
        400, "requestError", "Setting the page size is not supported. The page size is fixed."),
    "INVALID_PAGE_TOKEN": (400, "requestError", "The page token is invalid for this query."),
    "EXPIRED_PAGE_TOKEN": (400, "requestError", "The page token has expired."),
    "REQUIRED_FIELD_MISSING": (400, "requestError", "The query is missing."),
    "INTERNAL_ERROR": (500, "internalError", "An internal error has occurred."),
    "RESOURCE_EXHAUSTED": (429, "quotaError", "Too many requests."),
}  # fmt: skip


class Refused(Exception):
    """An answer with an error."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def parts(code: str) -> tuple[int, str, str, str]:
    """Status, group, code and message of one of ERRORS."""
    status, group, message = ERRORS[code]
    return status, group, code, message


def named(code: str, stream: bool) -> Response:
    """One of ERRORS as an answer."""
    return refusal(*parts(code), stream)


def refusal(
    status: int, group: str, code: str, message: str, stream: bool, **more: Any
) -> Response:
    """An error as an answer; on a stream it is wrapped in an array."""
    found = failure(status, group, code, message, more)
    return answer([found] if stream else found, status)


def failure(
    status: int, group: str, code: str, message: str, more: dict[str, Any]
) -> dict[str, Any]:
    """The error object."""
    error = {"errorCode": {group: code}, "message": message, **more}
    outer = "Request contains an invalid argument." if status == 400 else message
    return {"error": {"code": status, "message": outer, "status": STATUS.get(status, "UNKNOWN"),
            "details": [{"@type": "type.googleapis.com/google.ads.googleads.v26.errors."
                         "GoogleAdsFailure", "errors": [error],
                         "requestId": "sim0000000000000429"}]}}  # fmt: skip


def quota(delay: str, stream: bool) -> Response:
    """429 with the wait in the body."""
    details = {"quotaErrorDetails": {"rateScope": "DEVELOPER", "retryDelay": delay,
               "rateName": "Number of operations for explorer access"}}  # fmt: skip
    message = f"Too many requests. Retry in {delay.rstrip('s')} seconds."
    return refusal(429, "quotaError", "RESOURCE_EXHAUSTED", message, stream, details=details)


def oauth_error(code: str, message: str, status: int = 400) -> Response:
    """An error of the token endpoint."""
    return answer({"error": code, "error_description": message}, status)
