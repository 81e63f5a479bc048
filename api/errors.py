"""What an asker may do wrong, told so that a program and a person can act on it."""

import difflib
from collections.abc import Iterable

from pydantic import ValidationError

from pipeline.errors import UsageError


class RequestError(UsageError):
    """A request that cannot be answered; HTTP answers it with 422, the command with 2.

    `code` is for programs (unknown_name, not_additive, mixed_currencies, …), `field` says which
    part of the request is meant, `nearest` are known names that look like an unknown one.
    """

    def __init__(
        self,
        message: str,
        code: str = "invalid_request",
        field: str | None = None,
        nearest: Iterable[str] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.field = field
        self.nearest = list(nearest)


def unknown(kind: str, name: str, known: Iterable[str], field: str) -> RequestError:
    """Say that there is no metric, dimension, … of this name, and which there are."""
    names = sorted(known)
    nearest = difflib.get_close_matches(name.lower(), names, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(nearest)}?" if nearest else f"there are {', '.join(names)}"
    return RequestError(f"{shown(name)} is no {kind}; {hint}", "unknown_name", field, nearest)


def problem(error: ValidationError) -> tuple[str, str]:
    """Give the field of the first thing that is wrong, and what is wrong with it."""
    first = error.errors(include_url=False, include_input=False)[0]
    kinds = {"Named", "Condition", "And", "Or", "Not", "Comparison"}
    field = ".".join(str(part) for part in first["loc"] if part not in kinds)
    return field, first["msg"].removeprefix("Value error, ")


def shown(text: str) -> str:
    """Quote what somebody wrote, on one line and short."""
    cut = text if len(text) <= 60 else text[:57] + "…"
    return repr(cut)
