"""Thousands of requests made from the OpenAPI document: each answer is one that it announces."""

import random
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, reject, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode, checks
from schemathesis.core.errors import InvalidSchema

from api import Reports
from api.server import make_app
from pipeline.settings import Folder

CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
WANTED = 2000


@pytest.fixture(scope="module")
def document(demo: Folder) -> Any:
    """The server's OpenAPI document."""
    return schemathesis.openapi.from_asgi("/openapi.json", make_app(demo, hosts=None))


@pytest.fixture(scope="module")
def known(demo: Folder) -> dict[str, list[str]]:
    """Names that the engine knows, by where a request has them."""
    reports = Reports.open(demo.path)
    dimensions = [one.name for one in reports.dimensions()]
    return {
        "metrics": [one.name for one in reports.metrics()],
        "dimensions": dimensions,
        "order_by": [*dimensions, "cost"],
        "segments": [one.name for one in reports.segments()],
    }


def operations(document: Any) -> dict[str, Any]:
    """Give the operations by their names, as in `POST /reports`."""
    found = [one.ok() for one in document.get_all_operations()]
    return {one.label: one for one in found}


@st.composite
def generated(draw: Any, cases: Any) -> Any:
    """Leave out what schemathesis fails to generate: some segments within segments."""
    try:
        return draw(cases)
    except InvalidSchema:
        reject()


def sent(
    operation: Any,
    examples: int,
    malformed: bool = False,
    change: Callable[[Any], Any] = lambda body: body,
) -> int:
    """Send so many cases and check their answers; gives how many were sent."""
    mode = GenerationMode.NEGATIVE if malformed else GenerationMode.POSITIVE
    cases = 0

    @given(case=generated(operation.as_strategy(generation_mode=mode)))
    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def send(case: Any) -> None:
        nonlocal cases
        cases += 1
        case.body = change(case.body)
        case.validate_response(case.call(), checks=CHECKS)

    send()
    return cases


def test_thousands_of_requests_are_answered_as_announced(
    document: Any, known: dict[str, list[str]]
) -> None:
    found = operations(document)
    post = found.pop("POST /reports")
    cases = sent(post, 300) + sent(post, 40, malformed=True)
    cases += sent(post, 400, change=lambda body: with_names(body, known))
    for name in ("GET /reports/{name}", "GET /anomalies", "GET /insights"):
        operation = found.pop(name)
        cases += sent(operation, 250) + sent(operation, 175, malformed=True)
    assert cases >= WANTED
    for operation in found.values():
        assert operation.Case().call_and_validate(checks=CHECKS).status_code == 200


def with_names(body: Any, known: dict[str, list[str]]) -> Any:
    """Put known names where a request has any."""
    if not isinstance(body, dict):
        return body
    choose = random.Random(repr(body)).choice
    named: dict[str, Any] = {}
    for part, names in known.items():
        if isinstance(body.get(part), list):
            named[part] = [
                {**one, "name": choose(names)} if isinstance(one, dict) and "name" in one else one
                for one in body[part]
            ]
    named["segments"] = [
        {**one, "dimension": choose(known["dimensions"])}
        if isinstance(one, dict) and "dimension" in one
        else one
        for one in named.get("segments", [])
    ]
    return body | named
