"""Schemathesis sends what the description allows and what it does not, as a stranger, the ecology bureau and the carbon office.

Whatever is sent, the answer is no server error and is what the description says: its status, its media type, its schema. Each run draws
other cases: a few an operation here, many in `make nightly` (`DAFENG_FUZZ`).
"""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
import schemathesis
from django.core.cache import cache
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from dafeng.domains.inventory import documents
from dafeng.portal.tokens import services as tokens
from tests.portal.plan_world import COUNTY, PlanWorld

pytestmark = pytest.mark.django_db(transaction=True)

EXAMPLES = int(os.environ.get("DAFENG_FUZZ", "4"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture
def callers(run, person, settings) -> list[dict[str, str]]:
    """The headers of a stranger, the ecology bureau and the carbon office."""
    settings.API_RATES = {"anonymous": "999999/min", "person": "999999/min"}
    cache.clear()
    plain = {"Accept-Encoding": "identity"}  # the WSGI transport does not unpack
    found = [plain]
    for who in (person("ecology"), person("ndrc")):
        _token, text = tokens.make(
            who, name="试验", scopes=tokens.scopes_for(who), lasts=timedelta(days=1), now=timezone.now()
        )
        found.append(plain | {"Authorization": f"Bearer {text}"})
    return found


@pytest.fixture
def plan_world(city, person):
    return PlanWorld(city, office=person("ndrc", "plan-office"), clerk=person("statistics", "plan-clerk"))


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_whatever_is_sent_is_answered_as_described(
    open_city, run, plan_world, mode: GenerationMode, callers: list[dict[str, str]]
) -> None:
    from dafeng.portal.wsgi import application

    described = schemathesis.openapi.from_wsgi("/api/openapi.json", application)
    made = documents.export_path(run, format="csv", year=2021, language="zh")
    made.parent.mkdir(parents=True, exist_ok=True)
    made.write_bytes(b"made before")
    # Addresses that lead to something: the description knows only their form.
    known = {
        "code": "411500", "other": run.pk, "format": "csv", "form": "docx",
        "key": plan_world.plan.key, "number": 1, "kind": "counties", "subject": COUNTY,
    }  # fmt: skip
    ids = {
        "inventories": run.pk, "plan-questions": plan_world.question().pk, "plan-targets": plan_world.target.pk,
        "plan-values": plan_world.value("2022").pk, "plan-warnings": plan_world.warning().pk,
        "plan-tasks": plan_world.task.pk, "plan-projects": plan_world.project.pk,
        "assessments": plan_world.announced.pk, "bulletins": plan_world.bulletin.pk,
    }  # fmt: skip
    seen = 0
    for found in described.get_all_operations():
        operation = found.ok()

        @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(generation_mode=mode))
        def probe(case: schemathesis.Case) -> None:
            # To make a case costs more than to answer it: each is sent by everybody.
            for headers in callers:
                case.call_and_validate(headers=headers, checks=CHECKS)
            kind = case.path.split("/")[2]
            told = {name: ids.get(kind) if name == "id" else known.get(name) for name in case.path_parameters or {}}
            if leads := {name: str(found) for name, found in told.items() if found is not None}:
                case.path_parameters.update(leads)
                for headers in callers:
                    case.call_and_validate(headers=headers, checks=CHECKS)

        try:
            probe()
        except Unsatisfiable:
            # An operation whose parameters are all free text has nothing that could be wrong.
            assert mode is GenerationMode.NEGATIVE
            continue
        seen += 1
    assert seen >= 80
