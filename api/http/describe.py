"""What OpenAPI says, and the page that shows it without a script or another host."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel, ConfigDict

from api.http.answers import OFFERED
from api.http.problems import Problem, documented
from pipeline.settings import PROJECT

PAGES = Environment(
    loader=FileSystemLoader(PROJECT / "api" / "http" / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
ABOUT = """
Metrics by dimensions, segments and time, from the published snapshot. One definition a metric:
the same figure to the digit as `campaigns query`, Python and SQL over the marts.

An answer comes as JSON, CSV, HTML, Markdown, Parquet or Excel: by `format`, else by `Accept`.
Errors are problem+json (RFC 9457).
"""


class Range(BaseModel):
    """First and last day, both inclusive."""

    start_date: str
    end_date: str


class AnswerColumn(BaseModel):
    """A column; a dimension has neither unit nor additivity."""

    name: str
    type: str
    label: str
    unit: str | None
    additivity: str | None
    more_is_better: bool | None


class Answer(BaseModel):
    """A report. Decimals are numbers with all their digits; null is unknown, never zero."""

    model_config = ConfigDict(extra="forbid")

    name: str
    time_range: Range
    currency: str
    columns: list[AnswerColumn]
    data: list[dict[str, str | int | float | bool | None]]
    row_count: int
    totals: dict[str, int | float | None] = {}
    grain: str | None
    compared: Range | None
    next_offset: int | None
    snapshot: str
    coverage: dict[str, Any]
    generated_at: str


class Listing(BaseModel):
    """Names that a request may use."""

    data: list[dict[str, Any]]
    row_count: int
    snapshot: str


class Health(BaseModel):
    """What is live."""

    status: str
    snapshot: str
    published_at: str


HEADERS = {
    "ETag": "By snapshot, request, format and locale; send it as If-None-Match.",
    "X-Snapshot": "The snapshot that answered.",
    "X-Next-Offset": "The offset of the next page, where there is one.",
    "X-Request-ID": "The request's own, or a new one; the server's log has it.",
}
BINARY = {"schema": {"type": "string", "format": "binary"}}
# A report can be a large text in any format but JSON.
REPORT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The report, in the format that was asked for.",
        "headers": {
            name: {"description": text, "schema": {"type": "string"}}
            for name, text in HEADERS.items()
        },
        "content": {
            one.media_type: BINARY
            if not one.is_text
            else {"schema": {"type": "string"}}
            if one.name != "json"
            else {"schema": {"$ref": "#/components/schemas/Answer"}}
            for one in OFFERED.values()
        },
    },
    304: {"description": "The client has this answer (If-None-Match)."},
}
EVERYWHERE = documented(400, 401, 500)
ASKED = REPORT | documented(406, 422, 503, 504)


def describe(app: FastAPI, with_key: bool) -> dict[str, Any]:
    """Write the OpenAPI document once."""
    if app.openapi_schema:
        return app.openapi_schema
    document = get_openapi(
        title=app.title, version=app.version, description=ABOUT.strip(), routes=app.routes
    )
    schemas = document["components"]["schemas"]
    for model in (Problem, Answer):
        told = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= told.pop("$defs", {}) | {model.__name__: told}
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    if with_key:
        document["components"]["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer"},
            "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        }
        document["security"] = [{"bearer": []}, {"key": []}]
        document["paths"]["/health"]["get"]["security"] = []
    app.openapi_schema = document
    return document


def page(document: dict[str, Any]) -> str:
    """Write the document as a page."""
    operations = [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    return PAGES.get_template("docs.html").render(
        info=document["info"],
        operations=operations,
        schemas=document["components"]["schemas"],
        name_of=_name,
        kind_of=_kind,
    )


def _name(schema: dict[str, Any]) -> str:
    return schema.get("$ref", "").rsplit("/", 1)[-1]


def _kind(schema: dict[str, Any]) -> str:
    """Say in a word or two what a value is."""
    if name := _name(schema):
        return name
    if "const" in schema:
        return repr(schema["const"])
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return " or ".join(_kind(one) for one in schema[several])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return schema.get("format") or schema.get("type", "anything")
