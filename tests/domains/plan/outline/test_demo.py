"""The demonstration: both plans in force, a document to review, and what the other rooms add, called once however often."""

from __future__ import annotations

from pathlib import Path

import pytest

import dafeng.cities
from dafeng.domains.plan.models import PlanCity, Question, Version
from dafeng.domains.plan.services import demo
from dafeng.domains.plan.services.content import found_in
from dafeng.kernel.errors import NotFound, PlanError
from tests.domains.plan.outline.conftest import NOW

FACTS = Path(dafeng.cities.__file__).parent / "xinyang" / "plan"


@pytest.fixture
def city():
    """As the portal hands it in: any object with the names of the fields."""
    return PlanCity(code="411500", name="信阳市", name_en="Xinyang", counties={"411526": ["潢川县", "Huangchuan"]})


@pytest.fixture
def alone(monkeypatch):
    """The other rooms' demonstrations have tests of their own."""
    called: list[str] = []
    monkeypatch.setattr(demo, "_demo_of", lambda room, name: lambda plan, now: called.append(f"{room} {plan.key}"))
    return called


def test_the_demo_shows_plans_questions_and_a_review(db, city, alone) -> None:
    demo.ensure_demo(city, folder=FACTS, now=NOW)
    states = dict(Version.objects.values_list("plan__key", "record__state"))
    waiting = next(key for key, state in states.items() if state == "read")
    assert states == {"xinyang-2021": "accepted", "xinyang-2024": "accepted", waiting: "read"}
    # Everything that a reviewer should meet occurs in the document of ours.
    codes = {each.values["code"] for each in found_in(Version.objects.get(record__state="read")).of("defect")}
    assert {"no-progress", "redacted", "no-owner", "no-base", "no-year", "on-target", "informal-owner"} <= codes
    assert Question.objects.filter(record__state="answered").count() == 1
    assert alone[0] == "tasks xinyang-2024"
    before = Version.objects.count(), Question.objects.count()
    demo.ensure_demo(city, folder=FACTS, now=NOW)
    assert (Version.objects.count(), Question.objects.count()) == before


def test_the_command_loads_a_pack_or_a_document(town, tmp_path) -> None:
    from dafeng.domains.plan.services.loading import load

    given = {"city": "", "plan": "", "title": "", "now": NOW}
    assert load("xinyang", **given).count("已采纳") == 2
    assert load("xinyang", **given) == "没有变化"
    file = tmp_path / "方案.txt"
    file.write_bytes(demo.DOCUMENT.read_bytes())
    assert "第 2 版" in load(str(file), **(given | {"plan": "xinyang-2024"}))
    with pytest.raises(PlanError, match="找不到"):
        load("nowhere", **given)
    with pytest.raises(NotFound, match="没有方案"):
        load(str(file), **(given | {"plan": "nowhere"}))
