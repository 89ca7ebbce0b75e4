"""Schemathesis sends what the description allows and what it does not; the answer is never a server error."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def described(run):
    from dafeng.portal.wsgi import application

    return schemathesis.openapi.from_wsgi("/api/openapi.json", application)


schema = schemathesis.pytest.from_fixture("described")


@schema.parametrize()
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_request_makes_a_server_error(case) -> None:
    answer = case.call()
    assert answer.status_code < 500
