"""Schemathesis sends what the description allows and what it does not; the answer is never a server error."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_no_request_makes_a_server_error(run, mode: GenerationMode) -> None:
    from dafeng.portal.wsgi import application

    described = schemathesis.openapi.from_wsgi("/api/openapi.json", application)
    seen = 0
    for found in described.get_all_operations():
        operation = found.ok()

        @settings(max_examples=20, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(generation_mode=mode))
        def probe(case: schemathesis.Case) -> None:
            assert case.call().status_code < 500

        try:
            probe()
        except Unsatisfiable:
            # An operation whose parameters are all free text has nothing that could be wrong.
            assert mode is GenerationMode.NEGATIVE
            continue
        seen += 1
    assert seen >= 5
