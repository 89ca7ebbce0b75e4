"""The city pack's structured facts as accepted plans, and the questions that they raise."""

from __future__ import annotations

from pathlib import Path

import pytest

import dafeng.cities
from dafeng.domains.plan.bindings import register
from dafeng.domains.plan.models import Owner, Plan, Question, Target, Task, Version
from dafeng.domains.plan.services import plans
from dafeng.kernel.errors import PlanError
from tests.domains.plan.outline.conftest import NOW

FACTS = Path(dafeng.cities.__file__).parent / "xinyang" / "plan"


@pytest.fixture
def loaded(town):
    return plans.load_facts(town, FACTS, by=None, now=NOW)


def test_both_plans_hold_side_by_side_with_all_that_they_promise(loaded) -> None:
    """Counts of the files' rows: 22 + 55 targets, 28 + 110 tasks."""
    rows = [
        line.split(",")[0]
        for name in ("targets", "tasks")
        for line in (FACTS / f"{name}.csv").read_text("utf-8").splitlines()[1:]
    ]
    for key in ("xinyang-2021", "xinyang-2024"):
        plan = Plan.objects.get(key=key)
        assert plan.versions.get().current
        assert plan.tasks.count() + plan.targets.count() == rows.count(key)
    assert Version.objects.filter(current=True).count() == 2


def test_loading_again_changes_nothing(loaded, town) -> None:
    before = [model.objects.count() for model in (Version, Task, Target, Owner, Question)]
    assert plans.load_facts(town, FACTS, by=None, now=NOW) == []
    assert [model.objects.count() for model in (Version, Task, Target, Owner, Question)] == before


def test_every_county_owes_every_task_of_the_later_plan_and_none_of_the_earlier(loaded) -> None:
    for task in Task.objects.filter(plan__key="xinyang-2021"):
        assert not task.owners.filter(role="all-counties").exists()
    later = Task.objects.filter(plan__key="xinyang-2024")
    owed = later.filter(owners__role="all-counties").count()
    lines = (FACTS / "tasks.csv").read_text("utf-8").splitlines()
    assert owed == sum(line.startswith("xinyang-2024,") and ",yes," in line for line in lines) > 100


def test_the_same_figure_of_wind_is_two_targets_that_are_not_merged(loaded) -> None:
    """Contradiction 4: 200 万千瓦 of stock in the one plan, 200 万千瓦 of additions in the other."""
    stock, added = Target.objects.get(key="xinyang-2021:t006"), Target.objects.get(key="xinyang-2024:t010")
    assert (stock.low, stock.kind) == (200, "level")
    assert (added.low, added.kind) == (200, "absolute_change")
    assert stock.binding != added.binding


def test_targets_are_bound_as_the_register_has_them(loaded) -> None:
    known = {each.id: each for each in register().bindings}
    non_fossil = Target.objects.get(key="xinyang-2024:t004")
    assert non_fossil.binding == known["non_fossil_share"].indicator
    unbound = Target.objects.get(key="xinyang-2021:t019")
    assert (known["eco_city"].indicator == "") == (unbound.binding == "")
    category = Target.objects.filter(binding__startswith="plan.projects.count|category=")
    assert category.count() == 6


@pytest.mark.parametrize("number", range(1, 18))
def test_each_contradiction_of_the_two_plans_is_an_open_question(loaded, number: int) -> None:
    """The seventeen of the list of contradictions in the demands."""
    asked = [
        each for each in Question.objects.select_related("record") if each.record.payload.get("list_number") == number
    ]
    assert asked
    for each in asked:
        assert each.record.state == "open"
        assert not each.answer
        assert each.record.payload["ask"]


def test_no_question_of_the_pack_is_lost(loaded) -> None:
    codes = {line.split(",")[0] for line in (FACTS / "questions.csv").read_text("utf-8").splitlines()[1:]}
    assert set(Question.objects.values_list("code", flat=True)) == codes


def test_a_pack_without_plans_is_refused_in_words(town, tmp_path) -> None:
    with pytest.raises(PlanError, match="没有方案"):
        plans.load_facts(town, tmp_path / "plan", by=None, now=NOW)


@pytest.mark.plans
def test_the_demo_plan_can_be_followed_by_its_document(loaded, town, shared, office) -> None:
    """The document of 2024 handed in as the next version of the plan made of facts: tasks go on under their keys."""
    from dafeng.domains.plan.services.acceptance import accept

    plan = Plan.objects.get(key="xinyang-2024")
    before = set(plan.targets.values_list("key", flat=True))
    content = (shared / "plans" / "xinyang_2024_peak_pilot.txt").read_bytes()
    version = plans.upload(town, content, name="2024.txt", plan=plan, by=office, now=NOW)
    accept(version, seen=None, alongside=True, by=office, now=NOW)
    kept = set(plan.targets.filter(dropped_in=None).values_list("key", flat=True)) & before
    assert len(kept) > 0.6 * len(before)
    assert plan.tasks.filter(parent=None, dropped_in=None).count() > 100
