"""ReportFormatter: a report as JSON, CSV, HTML, Markdown, Parquet, Excel or a terminal's table.

Machine formats (json, csv, parquet) hold every digit and are the same for everybody; human ones
(html, email, markdown, table) round by unit and are written for a locale. Excel stands between:
numbers are numbers, and the reader's own Excel writes them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module

from api.formats.cells import DEFAULT_LOCALE, known_locale
from api.report import Report
from pipeline.errors import UsageError

Write = Callable[[Report, str], Iterator[bytes]]


@dataclass(frozen=True)
class Format:
    """A format: its media type, file ending, and whether it is written for a locale."""

    name: str
    module: str
    media_type: str
    ending: str
    by_locale: bool = False

    @property
    def is_text(self) -> bool:
        """Whether a terminal can show it."""
        return self.media_type.startswith("text/") or self.media_type == "application/json"

    @property
    def write(self) -> Write:
        """The function that writes it in chunks; its module is imported when it is needed."""
        return getattr(import_module(f"api.formats.{self.module}"), self.name)


EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMATS = {
    one.name: one
    for one in (
        Format("json", "to_json", "application/json", "json"),
        Format("csv", "to_csv", "text/csv", "csv"),
        Format("html", "to_html", "text/html", "html", by_locale=True),
        Format("email", "to_html", "text/html", "html", by_locale=True),
        Format("markdown", "to_markdown", "text/markdown", "md", by_locale=True),
        Format("parquet", "to_parquet", "application/vnd.apache.parquet", "parquet"),
        Format("xlsx", "to_excel", EXCEL, "xlsx"),
        Format("table", "to_terminal", "text/plain", "txt", by_locale=True),
    )
}


def format_named(name: str) -> Format:
    """Find a format; raises UsageError with the nearest name where there is none."""
    if name in FORMATS:
        return FORMATS[name]
    nearest = get_close_matches(name, FORMATS, 1, 0.5)
    hint = f"did you mean {nearest[0]}?" if nearest else f"there are {', '.join(FORMATS)}"
    raise UsageError(f"{name!r} is no format; {hint}")


def stream(report: Report, format: str, locale: str = DEFAULT_LOCALE) -> Iterator[bytes]:  # noqa: A002
    """Write a report in chunks; raises UsageError for a format or locale that is none."""
    return format_named(format).write(report, known_locale(locale))


def render(report: Report, format: str, locale: str = DEFAULT_LOCALE) -> bytes:  # noqa: A002
    """Write a report at once; raises as `stream` does."""
    return b"".join(stream(report, format, locale))
