"""The demonstration of both rooms over the pack's plan facts: worth looking at, marked as 演示, the same when called twice."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

import dafeng.cities
from dafeng.domains.plan.models import Assessment, Bulletin, Mark, Plan
from dafeng.domains.plan.services.demo_assessments import NOTE, demo_assessments
from dafeng.domains.plan.services.demo_bulletins import demo_bulletins
from dafeng.domains.plan.services.plans import load_facts
from dafeng.kernel import scoring

NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)


@pytest.mark.fonts
def test_the_demonstration_shows_every_stage_and_marks_every_figure(city, office) -> None:
    load_facts(city, Path(dafeng.cities.__path__[0]) / "xinyang" / "plan", by=None, now=NOW)
    plan = Plan.objects.filter(versions__current=True).first()
    assert plan is not None
    for _ in range(2):
        demo_assessments(plan, NOW)
        demo_bulletins(plan, NOW)
    states = sorted((each.kind, each.year, each.record.state) for each in Assessment.objects.all())
    assert states == [("counties", 2025, "final"), ("counties", 2026, "objection"), ("departments", 2026, "self")]
    assert scoring.verify(Assessment.objects.get(kind="counties", year=2025).result) == []
    assert set(Mark.objects.exclude(settled=None).values_list("settled_note", flat=True)) == {NOTE}
    departments = Assessment.objects.get(kind="departments").record.payload["subjects"]
    assert {"ndrc", "environment", "housing"} <= {each["code"] for each in departments}
    assert Bulletin.objects.get().content["issuer"].endswith("（演示）")
