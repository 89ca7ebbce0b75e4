"""The demonstration on the pack's own facts: nothing is filled in that the plan does not print, and a second call changes nothing."""

from __future__ import annotations

import pytest

from dafeng import cities
from dafeng.domains.plan.models import Plan, Progress, Project, Task
from dafeng.domains.plan.services import plans, projects
from dafeng.domains.plan.services.demo_projects import demo_projects
from dafeng.domains.plan.services.demo_tasks import demo_tasks

pytestmark = pytest.mark.django_db


def test_the_demo_shows_the_named_projects_as_printed_and_is_made_once(city, office, person, client, now) -> None:
    person("leader")
    plans.load_facts(city, cities.load_pack("xinyang").path / "plan", by=None, now=now)
    plan = Plan.objects.get(key="xinyang-2024")
    for _again in range(2):
        demo_tasks(plan, now)
        demo_projects(plan, now)
        assert (Project.objects.count(), Progress.objects.count()) == (65 + 3, 92)
    named = Project.objects.exclude(key__startswith="DEMO")
    assert not named.exclude(investment=None).exists()
    assert not named.exclude(reduction=None).exists()
    # The unit of the wind farm is not printed; it stays so and nothing is estimated.
    farm = named.get(name="潢川风电场")
    assert (farm.capacity, farm.capacity_unit, farm.place) == (100.0, "万（单位未写明）", "411526")
    total = projects.check(plan)[-1]
    assert (total.printed, total.registered, total.difference) == (117, 68, -49)
    assert Task.objects.filter(plan=plan, parent=None).count() > 100
    assert not Progress.objects.exclude(text__startswith="（演示）").exists()
    client.force_login(office)
    for address in (
        "tasks/",
        "tasks/gantt/",
        "tasks/cuts/",
        "tasks/roadmap/",
        "projects/",
        "projects/map/",
        "projects/names/",
    ):
        assert client.get(f"/plan/{address}").status_code == 200
