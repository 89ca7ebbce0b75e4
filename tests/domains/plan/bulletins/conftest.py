"""A plan with five tasks, two targets that were judged and one unbound, two projects with monthly reports, one warning."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

NOW = datetime(2026, 11, 5, 1, 0, tzinfo=UTC)
MARCH = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/plan/bulletins/" in str(item.fspath) and not item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.django_db)


@pytest.fixture
def city():
    from dafeng.domains.plan.services.city import ensure_city

    return ensure_city("411500", "信阳市", "Xinyang", counties={"411521": ["甲县", "Jia"]})


@pytest.fixture
def person(city):
    from dafeng.portal.accounts.models import Membership, Organisation, User

    def make(role: str, username: str = ""):
        user = User.objects.create_user(username or role, password="a-long-test-password")
        office, _ = Organisation.objects.get_or_create(code=role, defaults={"name": role})
        Membership.objects.create(user=user, organisation=office, role=role, place="411500")
        return user

    return make


@pytest.fixture
def office(person):
    return person("ndrc")


@pytest.fixture
def plan(city, office):
    from dafeng.domains.plan.models import Plan, Version
    from dafeng.kernel.records import services as records

    made = Plan.objects.create(city="411500", key="p", title="方案", issued_on=date(2026, 1, 1), first_year=2026)
    record = records.open_record("plan.version", title="方案", payload={}, by=None, now=MARCH, place="411500")
    Version.objects.create(plan=made, number=1, record=record, digest="0" * 64, current=True)
    return made


def _task(plan, key: str, *, due: date | None = None, done: date | None = None, department: str = "housing", parent=None, place="411500"):  # fmt: skip
    from dafeng.domains.plan.models import Owner, Task

    task = Task.objects.create(
        plan=plan, key=key, path=f"一、{key}", title=f"任务{key}", place=place, due_on=due, done_on=done, parent=parent
    )
    if parent is None:
        Owner.objects.create(task=task, department=department, name="x", role="lead", since=date(2026, 1, 1))
    return task


@pytest.fixture
def tasks(plan, office):
    """a: 30 days late on 31 October; b: done in time; c: done after the cut-off, so late then; d: reported; e: a county's part."""
    from dafeng.domains.plan.models import Progress
    from dafeng.kernel.records import services as records

    made = {
        "a": _task(plan, "a", due=date(2026, 10, 1)),
        "b": _task(plan, "b", due=date(2026, 10, 1), done=date(2026, 9, 1)),
        "c": _task(plan, "c", due=date(2026, 10, 21), done=date(2026, 11, 3), department="transport"),
        "d": _task(plan, "d", due=date(2027, 1, 1)),
    }
    made["e"] = _task(plan, "e", due=date(2026, 10, 30), parent=made["d"], place="411521")
    for key in ("c", "d", "e"):
        record = records.open_record("plan.progress", title="进展", payload={}, by=office, now=NOW, place="411500")
        records.move(record, "submit", by=office, now=NOW)
        Progress.objects.create(task=made[key], record=record, period="2026-10", reporter="housing", text="进展")
    return made


@pytest.fixture
def targets(plan):
    from dafeng.domains.plan.models import Standing, Target

    common = {"kind": "level", "operator": ">=", "strength": "must", "place": "411500", "year": 2030, "plan": plan}
    red = Target.objects.create(
        key="t1", indicator="非化石占比", low=30, unit="%", binding="x.y", owner="ndrc", **common
    )
    green = Target.objects.create(key="t2", indicator="绿色建筑", low=100, unit="%", binding="x.z", **common)
    Target.objects.create(key="t3", indicator="未绑定者", **common)
    words = {"judged_at": NOW, "title": "严重滞后", "rule": "规则", "unit": "%"}
    Standing.objects.create(target=red, light="red", rank=0, value=12.5, goal=30, probability=8, **words)
    Standing.objects.create(target=green, light="green", rank=4, value=95, goal=100, **words)
    return red, green


@pytest.fixture
def projects(plan, office):
    """Two projects, 2 and 1 亿元; 3,000 万元 accepted in October, 1,000 in March, 500 handed in and not accepted."""
    from dafeng.domains.plan.models import Project, ProjectMonth
    from dafeng.kernel.records import services as records

    one = Project.objects.create(plan=plan, key="p1", name="一号", category="energy", place="411521", owner="ndrc", investment=Decimal(20000), stage="building")  # fmt: skip
    Project.objects.create(plan=plan, key="p2", name="二号", category="energy", place="411521", investment=Decimal(10000), stage="building")  # fmt: skip
    for period, money, accepted in (("2026-03", 1000, True), ("2026-10", 3000, True), ("2026-09", 500, False)):
        record = records.open_record("plan.project-month", title="月报", payload={}, by=office, now=NOW)
        if accepted:
            records.move(record, "accept", by=office, now=NOW)
        ProjectMonth.objects.create(
            project=one, record=record, period=period, invested=Decimal(money), stage="building"
        )
    return one


@pytest.fixture
def warning(targets):
    from dafeng.domains.plan.models import Warning
    from dafeng.kernel.records import services as records

    at = datetime(2026, 10, 5, 1, 0, tzinfo=UTC)
    record = records.open_record("plan.warning", title="非化石占比红灯", payload={}, by=None, now=at, place="411500")
    return Warning.objects.create(
        target=targets[0], record=record, subject="411500", indicator="x.y", period="2026-10", light="red", rule="r",
        why="滞后", owner="ndrc", due_on=date(2026, 10, 20),
    )  # fmt: skip


@pytest.fixture
def everything(tasks, targets, projects, warning):
    return tasks
