"""Requests made up from the OpenAPI document: every answer is one that the document names, and none is a 500."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

#: Few, so that the suite stays short.
EXAMPLES = 6
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance]
FUNCTIONS = ["/v1/report", "/v1/advice", "/v1/follow-up", "/v1/knowledge", "/v1/chat/completions"]


@pytest.fixture(scope="module")
def document(listening):
    """The document of a running server as schemathesis reads it."""
    with listening() as (address, worker, _):
        yield schemathesis.openapi.from_url(f"{address}/openapi.json")
        assert worker.is_ready and worker.counts.crashes == 0


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["sound", "broken"])
@pytest.mark.parametrize("path", FUNCTIONS)
def test_made_up_requests(document, path, mode) -> None:
    statuses = set()

    @given(case=document[path]["POST"].as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
    )
    def each_is_answered_as_documented(case) -> None:
        statuses.add(case.call_and_validate(checks=CHECKS).status_code)

    each_is_answered_as_documented()
    assert statuses and max(statuses) < 500
