"""What a reader must know beside the figures: what is missing and what is not settled."""

from collections.abc import Iterable
from typing import Any

from api.report import Report


def notes(report: Report) -> list[str]:
    """Give a sentence for each fact of the report's coverage, then the snapshot."""
    told = [f"{_words(key)}: {_plain(value)}" for key, value in report.coverage.items()]
    return [*told, f"snapshot {report.snapshot}, written {report.generated_at:%Y-%m-%d %H:%M} UTC"]


def _words(key: str) -> str:
    return key.replace("_", " ")


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{_words(key)} {_plain(one)}" for key, one in value.items())
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(_plain(one) for one in value) or "none"
    return "none" if value is None else str(value)
