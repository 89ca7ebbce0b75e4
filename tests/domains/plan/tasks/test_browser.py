"""The pages of tasks in a real browser, on a desk and on a phone, as each who reads them: no accessibility faults, no sideways scrolling."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import timezone

from dafeng.domains.plan.services import escalations, progress, supervision, tasks
from tests.domains.plan.browsing import SIZES, chromium, wrong_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
browser = pytest.fixture(chromium, scope="module", name="browser")
READ = ("", "{task}/", "cuts/", "gantt/", "calendar/", "roadmap/")
# What each reads: the office arranges and reports, a department and a county report, leaders read, the public reads what is published.
PAGES = {
    "ndrc": (*READ, "{task}/report/", "{task}/assign/", "sheet/"), "department": (*READ, "{task}/report/", "sheet/"),
    "county": (*READ, "{part}/report/", "sheet/"), "leader": READ, "": ("", "{task}/", "roadmap/"),
}  # fmt: skip


@pytest.fixture
def clock() -> None:
    """In the browser the clock goes: its cookies must not have run out."""


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("role", PAGES)
def test_the_pages_are_accessible_and_fit_the_screen(
    browser, live_server, client, task, person, plan, size, role
) -> None:
    plan.title = "国家碳达峰试点（某市）实施方案（2024—2030年）"
    plan.save()
    now = timezone.now()
    office, first, second = person("ndrc"), task("a", due_on=date(2026, 11, 1)), task("b", due_on=date(2027, 6, 30))
    tasks.break_down(second, ["411502"], by=office, now=now)
    tasks.assign(second, due_on=date(2027, 6, 30), done_on=None, milestones=[tasks.Step("开工", date(2027, 1, 1))], after=[first.pk], seen=tasks.digest(second), by=office, now=now)  # fmt: skip
    period = str(supervision.open_periods(supervision.day_of(now))[0])
    progress.write(
        second, {"period": period, "text": "进展"}, reporter="industry", seen="", by=office, now=now, submit=True
    )
    escalations.escalate(second, matter="情况", asks="请示", by=office, now=now)
    people = {"ndrc": lambda: office, "department": lambda: person("department", organisation="industry"), "county": lambda: person("county", place="411502"), "leader": lambda: person("leader")}  # fmt: skip
    if role:
        client.force_login(people[role]())
    part = second.parts.get(place="411502").pk
    addresses = [f"/plan/tasks/{each.format(task=second.pk, part=part)}" for each in PAGES[role]]
    assert wrong_of(browser, live_server, client if role else None, addresses, size) == {}
