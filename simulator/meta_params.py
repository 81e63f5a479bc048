"""Parameters of a request to Meta, and what is said when they are wrong."""

from dataclasses import dataclass
from typing import Any

import orjson


class MetaError(Exception):
    """A refusal: HTTP status, code, message and whatever else stands in the error."""

    def __init__(self, code: int, message: str, status: int = 400, **more: Any) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.more = status, code, message, more
        self.headers: dict[str, str] = {}


@dataclass(frozen=True)
class Options:
    """What faults change in the rows."""

    unknown_enum: bool = False
    new_field: bool = False
    missing: str = ""
    new_action_type: bool = False


def list_of(text: str) -> list[str]:
    """A list as JSON or with commas."""
    if text.startswith("["):
        return [str(item) for item in json_of(text, [])]
    return [item.strip() for item in text.split(",") if item.strip()]


def json_of(text: str | None, default: Any) -> Any:
    """A parameter's value; raises MetaError when it is not JSON."""
    if not text:
        return default
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise MetaError(100, "(#100) a parameter is not valid JSON") from error
