"""Errors as RFC 9457 problem+json."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

MEDIA_TYPE = "application/problem+json"
LEFT = 499  # no one reads it; logs and figures tell it from a failure


class Problem(BaseModel):
    """What went wrong: for people in `detail`, for programs in `code`."""

    type: str = "about:blank"
    title: Annotated[str, Field(description="The status in words.")]
    status: int
    detail: str
    code: Annotated[str, Field(description="unknown_name, not_additive, too_many_rows, …")]
    field: Annotated[str | None, Field(description="The part of the request that is meant.")] = None
    nearest: Annotated[list[str], Field(description="Known names like an unknown one.")] = []


class Refused(Exception):
    """A request that is answered with a problem."""

    def __init__(
        self, status: int, detail: str, code: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.response = problem(status, detail, code, headers=headers)


def problem(
    status: int,
    detail: str,
    code: str | None = None,
    field: str | None = None,
    nearest: list[str] | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """Write a problem; without a code it is the status in words."""
    title = HTTPStatus(status).phrase if status != LEFT else "Client Closed Request"
    told = Problem(
        title=title,
        status=status,
        detail=detail,
        code=code or title.lower().replace(" ", "_").replace("-", "_"),
        field=field,
        nearest=nearest or [],
    )
    return JSONResponse(
        told.model_dump(),
        status,
        headers={"Cache-Control": "no-store"} | (headers or {}),
        media_type=MEDIA_TYPE,
    )


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Document problems for OpenAPI."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for status in statuses
    }
