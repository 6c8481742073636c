"""Requests made up from the OpenAPI document: every answer is one that the document names, and none is a 500."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

#: Few, so that the suite stays short; `make bench` and longer runs raise it.
EXAMPLES = 8
CHECKS = (not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance)


@pytest.fixture(scope="module")
def document(client):
    """The document as schemathesis reads it, for sound and for broken requests."""
    loaded = schemathesis.openapi.from_asgi("/openapi.json", client.app, base_url="http://127.0.0.1")
    loaded.config.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
    return loaded


schema = schemathesis.pytest.from_fixture("document")


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_made_up_requests(case) -> None:
    case.call_and_validate(checks=CHECKS)
