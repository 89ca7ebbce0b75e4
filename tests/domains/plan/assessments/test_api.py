"""Assessments over HTTP, through the routers alone: what the pages do, with the same rights."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from ninja.testing import TestClient

from dafeng.domains.plan.api.assessments import router
from dafeng.domains.plan.models import Assessment
from dafeng.kernel import scoring
from dafeng.kernel.errors import NotFound, PermissionDenied, SignInRequired, StaleError


@pytest.fixture(scope="module")
def api():
    import os

    os.environ["NINJA_SKIP_REGISTRY"] = "1"
    return TestClient(router)


def test_a_county_assesses_itself_and_the_office_reviews_and_announces(api, assessment, office, jia, yi) -> None:
    base = f"/assessments/{assessment.pk}"
    card = api.get(f"{base}/subjects/411521", user=jia).json()
    said = {"plan.assess.innovation.pilots": {"value": 1, "note": "批文"}}
    answer = api.put(f"{base}/subjects/411521/self", json={"seen": card["seen"], "figures": said}, user=jia)
    assert answer.status_code == 200
    figure = next(each for each in answer.json()["figures"] if each["indicator"].endswith("pilots"))
    assert (figure["own"], figure["settled"]) == (1, None)
    with pytest.raises(StaleError):
        api.put(f"{base}/subjects/411521/self", json={"seen": card["seen"], "figures": said}, user=jia)
    with pytest.raises(NotFound):
        api.get(f"{base}/subjects/411521", user=yi)
    with pytest.raises(PermissionDenied):
        api.post(f"{base}/step", json={"action": "review", "seen": ""}, user=jia)
    for action in ("review", "announce"):
        seen = api.get(base, user=office).json()["seen"]
        assert api.post(f"{base}/step", json={"action": action, "seen": seen}, user=office).status_code == 200
    assert api.get(base, user=yi).json()["state"] == "objection"
    assert scoring.verify(api.get(f"{base}/result", user=yi).json()) == []


def test_the_public_sees_rules_and_no_assessment_that_is_not_final(api, assessment) -> None:
    nobody = AnonymousUser()
    assert api.get("/assessments", user=nobody).json()["items"] == []
    assert [each["number"] for each in api.get("/rubrics/counties", user=nobody).json()["items"]] == [2, 1]
    assert api.get("/rubrics/counties/1", user=nobody).json()["content"]["id"] == "plan.counties"
    with pytest.raises(NotFound):
        api.get(f"/assessments/{assessment.pk}", user=nobody)
    with pytest.raises(SignInRequired):
        api.post("/assessments", json={"kind": "counties", "year": 2026}, user=nobody)


def test_rules_are_changed_and_a_year_is_opened(api, rules, board, office) -> None:
    content = rules.content | {"standing": "本市试行"}
    given = {"seen": 2, "reason": "市政府通过", "content": content}
    assert api.post("/rubrics/counties", json=given, user=office).json()["number"] == 3
    with pytest.raises(StaleError):
        api.post("/rubrics/counties", json=given, user=office)
    answer = api.post("/assessments", json={"kind": "counties", "year": 2025}, user=office)
    assert (answer.status_code, answer.json()["rubric"]) == (201, 3)
    assert Assessment.objects.count() == 1
