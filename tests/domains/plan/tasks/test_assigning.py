"""Dates, milestones, dependencies, county parts, hand-over, remarks: what is kept, what is refused, what is sealed."""

from __future__ import annotations

from datetime import date

import pytest

from dafeng.domains.plan.services import tasks
from dafeng.domains.plan.services.tasks import Step
from dafeng.kernel.errors import PermissionDenied, PlanError, StaleError
from dafeng.kernel.records import services as records

pytestmark = pytest.mark.django_db


def assign(task, *, by, now, after=(), milestones=(), due_on=None, done_on=None, seen=None):
    seen = tasks.digest(task) if seen is None else seen
    return tasks.assign(
        task, due_on=due_on, done_on=done_on, milestones=milestones, after=after, seen=seen, by=by, now=now
    )


def test_dates_steps_and_predecessors_are_kept_and_sealed(task, person, now) -> None:
    office, first, second = person("ndrc"), task("a"), task("b")
    assign(
        second,
        by=office,
        now=now,
        due_on=date(2027, 6, 30),
        after=[first.pk],
        milestones=[Step("开工", date(2027, 1, 1))],
    )
    second.refresh_from_db()
    assert (second.due_on, list(second.after.all())) == (date(2027, 6, 30), [first])
    entry = list(records.history("plan.task", second.pk))[-1]
    assert entry.detail["milestones"] == [["开工", "2027-01-01", ""]]
    assert entry.detail["after"] == [first.pk]


def test_a_circle_is_refused_and_shown(task, person, now) -> None:
    office = person("ndrc")
    a, b, c = task("a"), task("b"), task("c")
    assign(b, by=office, now=now, after=[a.pk])
    assign(c, by=office, now=now, after=[b.pk])
    with pytest.raises(PlanError) as refused:
        assign(a, by=office, now=now, after=[c.pk])
    assert "试验任务a → 试验任务c → 试验任务b → 试验任务a" in refused.value.what
    assert list(a.after.all()) == []


def test_a_task_cannot_wait_for_itself(task, person, now) -> None:
    found = task("a")
    with pytest.raises(PlanError, match="试验任务a → 试验任务a"):
        assign(found, by=person("ndrc"), now=now, after=[found.pk])


def test_the_second_of_two_forms_is_refused(task, person, now) -> None:
    office, found = person("ndrc"), task()
    seen = tasks.digest(found)
    assign(found, by=office, now=now, due_on=date(2027, 1, 1), seen=seen)
    with pytest.raises(StaleError):
        assign(found, by=office, now=now, due_on=date(2028, 1, 1), seen=seen)
    found.refresh_from_db()
    assert found.due_on == date(2027, 1, 1)


def test_a_step_after_the_date_and_a_date_after_the_plan_are_refused(task, person, now) -> None:
    office, found = person("ndrc"), task()
    with pytest.raises(PlanError, match="晚于任务期限"):
        assign(found, by=office, now=now, due_on=date(2027, 1, 1), milestones=[Step("晚", date(2027, 1, 2))])
    with pytest.raises(PlanError, match="结束年"):
        assign(found, by=office, now=now, due_on=date(2031, 1, 1))


def test_a_department_may_not_assign(task, person, now) -> None:
    with pytest.raises(PermissionDenied):
        assign(task(), by=person("department", organisation="industry"), now=now)


def test_every_county_gets_one_part_at_once_and_none_a_second(task, person, now) -> None:
    office, found = person("ndrc"), task(due_on=date(2027, 12, 31))
    made = tasks.break_down(found, ["411502", "411503"], by=office, now=now)
    assert [(part.place, part.parent, part.due_on) for part in made] == [
        ("411502", found, date(2027, 12, 31)),
        ("411503", found, date(2027, 12, 31)),
    ]
    assert tasks.break_down(found, ["411502", "411503"], by=office, now=now) == []
    with pytest.raises(PlanError, match="不能再分"):
        tasks.break_down(made[0], ["411503"], by=office, now=now)
    with pytest.raises(PlanError, match="不是本市的县区"):
        tasks.break_down(found, ["410100"], by=office, now=now)


def test_a_handed_over_duty_keeps_its_dates(task, person, now) -> None:
    office, found = person("ndrc"), task()
    former = found.owners.get(department="industry")
    new = tasks.hand_over(former, department="science", on=date(2026, 12, 1), reason="机构改革", by=office, now=now)
    former.refresh_from_db()
    assert (former.until, new.since, new.role, new.name) == (date(2026, 12, 1), date(2026, 12, 1), "lead", "市科技局")
    with pytest.raises(StaleError):
        tasks.hand_over(former, department="water", on=date(2026, 12, 2), reason="再移交", by=office, now=now)


@pytest.mark.parametrize(("department", "reason"), [("nobody", "文"), ("industry", "文"), ("science", " ")])
def test_a_hand_over_needs_another_known_department_and_a_reason(task, person, now, department, reason) -> None:
    former = task().owners.get(department="industry")
    with pytest.raises(PlanError):
        tasks.hand_over(former, department=department, on=date(2026, 12, 1), reason=reason, by=person("ndrc"), now=now)


def test_an_empty_remark_is_refused(task, person, now) -> None:
    found, leader = task(), person("leader")
    with pytest.raises(PlanError):
        tasks.remark(found, "  ", by=leader, now=now)
    assert tasks.remark(found, "请抓紧", by=leader, now=now).text == "请抓紧"
