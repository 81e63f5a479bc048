"""Answers: which format, not twice the same, whole or in pieces."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from typing import Any
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.errors import unknown
from api.formats import FORMATS, Format, stream
from api.formats.cells import DEFAULT_LOCALE, known_locale
from api.http.problems import Refused
from api.http.running import Cursor, Runner
from api.report import Report

OFFERED = {name: one for name, one in FORMATS.items() if name != "table"}
PIECES = 5000  # rows from which an answer is sent while it is written
Ask = Callable[[Callable[[Cursor], None]], Report]


@dataclass(frozen=True)
class Wish:
    """How an answer is to be written, and which of them the client has already."""

    format: Format
    locale: str
    known: frozenset[str]

    def tag(self, snapshot: str, identity: Mapping[str, Any]) -> str:
        """Name an answer: by what it is asked of, what is asked and how it is written.

        It is a weak tag: the same answer made again differs in `generated_at`.
        """
        told = [snapshot, identity, self.format.name, self.locale if self.format.by_locale else ""]
        text = json.dumps(told, sort_keys=True, default=str)
        return f'W/"{sha256(text.encode()).hexdigest()[:32]}"'


def wish(headers: Headers, format_name: str | None, locale: str | None) -> Wish:
    """Read how an answer is wanted; raises RequestError, UsageError or Refused (406)."""
    if format_name is None:
        chosen = accepted(headers.get("accept", "*/*"))
    elif format_name in OFFERED:
        chosen = OFFERED[format_name]
    else:
        raise unknown("format", format_name, OFFERED, "format")
    known = re.findall(r'"[^"]*"', headers.get("if-none-match", ""))
    return Wish(chosen, known_locale(locale or DEFAULT_LOCALE), frozenset(known))


def accepted(header: str) -> Format:
    """Choose the format that an Accept header likes best; the first of equals."""
    weights: dict[str, float] = {}
    for one in header.split(","):
        media_type, *parameters = (part.strip().lower() for part in one.split(";"))
        weight = next((part[2:] for part in parameters if part.startswith("q=")), "1")
        # RFC 9110: what is no weight counts for nothing.
        weights[media_type] = float(weight) if re.fullmatch(r"[01](\.\d{0,3})?", weight) else 0.0

    def liking(one: Format) -> float:
        ranges = (one.media_type, one.media_type.split("/")[0] + "/*", "*/*")
        return next((weights[name] for name in ranges if name in weights), 0.0)

    best = max(OFFERED.values(), key=liking)
    if liking(best) == 0:
        offered = ", ".join(sorted({one.media_type for one in OFFERED.values()}))
        raise Refused(406, f"none of these is accepted: {offered}", "not_acceptable")
    return best


async def answer(
    request: Request,
    runner: Runner,
    snapshot: Callable[[], str],
    ask: Ask,
    identity: Mapping[str, Any],
    wanted: Wish,
) -> Response:
    """Ask in a thread and write what comes; 304 without asking where the client has it."""

    def work(on_cursor: Callable[[Cursor], None]) -> tuple[str, Report | None, Iterator[bytes]]:
        tag = wanted.tag(snapshot(), identity)
        if tag.removeprefix("W/") in wanted.known:
            return tag, None, iter(())
        report = ask(on_cursor)
        pieces = stream(report, wanted.format.name, wanted.locale)
        if report.rows.num_rows <= PIECES:
            pieces = iter([b"".join(pieces)])
        # The first piece is made here: what cannot be written is told before an answer begins.
        return wanted.tag(report.snapshot, identity), report, chain([next(pieces)], pieces)

    tag, report, pieces = await runner.run(request, work)
    request.state.log = {"format": wanted.format.name}
    headers = {
        "ETag": tag,
        "Cache-Control": "private, no-cache",
        "Vary": "Accept, Authorization, X-API-Key",
    }
    if report is None:
        return Response(status_code=304, headers=headers)
    request.state.log |= {"rows": report.rows.num_rows, "snapshot": report.snapshot}
    headers |= {
        "X-Snapshot": report.snapshot,
        "Content-Disposition": _disposition(report.name, wanted.format),
    }
    if report.has_more:
        following = report.offset + report.rows.num_rows
        headers["X-Next-Offset"] = str(following)
        if request.method == "GET":
            headers["Link"] = f'<{request.url.include_query_params(offset=following)}>; rel="next"'
    media_type = wanted.format.media_type
    if report.rows.num_rows <= PIECES:
        return Response(next(pieces), headers=headers, media_type=media_type)
    return StreamingResponse(pieces, headers=headers, media_type=media_type)


def _disposition(name: str, of: Format) -> str:
    shown = "inline" if of.is_text and of.name != "csv" else "attachment"
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._")[:80] or "report"
    return (
        f'{shown}; filename="{plain}.{of.ending}"; '
        f"filename*=UTF-8''{quote(name[:80], safe='')}.{of.ending}"
    )
