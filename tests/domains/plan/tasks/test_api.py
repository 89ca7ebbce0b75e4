"""The operations by themselves: the same services under the same rules as the pages."""

from __future__ import annotations

from datetime import date

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory
from ninja import Status

from dafeng.domains.plan.api import projects as projects_api
from dafeng.domains.plan.api import tasks as api
from dafeng.domains.plan.models import Progress
from dafeng.kernel.errors import PermissionDenied, PlanError, SignInRequired, StaleError

pytestmark = pytest.mark.django_db


def ask(function, user=None, **given):
    request = RequestFactory().post("/")
    request.user = user or AnonymousUser()
    found = function(request, **given)
    return found.value if isinstance(found, Status) else found


def test_every_operation_carries_an_action() -> None:
    views = [*api.router.path_operations.values(), *projects_api.router.path_operations.values()]
    operations = [each for view in views for each in view.operations]
    assert len(operations) == 11
    assert all(hasattr(each.view_func, "action") for each in operations)


def test_a_program_reports_and_is_refused_when_it_is_late_or_a_stranger(task, person) -> None:
    found, owner, office = task(), person("department", organisation="industry"), person("ndrc")
    given = api.ProgressIn(period="2026-11", reporter="industry", text="新增装机", percent=40)
    made = ask(api.report_progress, owner, id=found.pk, given=given)
    assert made["state"] == "draft"
    with pytest.raises(StaleError):
        ask(api.report_progress, owner, id=found.pk, given=given)
    with pytest.raises(PlanError):
        ask(api.report_progress, owner, id=found.pk, given=given.model_copy(update={"period": "2026-10"}))
    with pytest.raises(PermissionDenied):
        ask(api.report_progress, person("department", organisation="transport"), id=found.pk, given=given)
    step = api.ProgressMoveIn(action="submit", state="draft")
    assert ask(api.move_progress, owner, record=made["id"], given=step)["state"] == "submitted"
    with pytest.raises(PermissionDenied):
        ask(api.move_progress, owner, record=made["id"], given=api.ProgressMoveIn(action="accept", state="submitted"))
    done = ask(
        api.move_progress, office, record=made["id"], given=api.ProgressMoveIn(action="accept", state="submitted")
    )
    assert done["state"] == "accepted"
    assert Progress.objects.get().percent == 40


def test_the_public_gets_titles_and_whether_done_and_no_dates(task, person) -> None:
    found = task(due_on=date(2026, 1, 1))
    query = api.TaskQuery()
    (row,) = ask(api.list_tasks, query=query)["items"]
    assert (row["title"], row["done"], row["due_on"], row["state"]) == ("试验任务a", False, None, "")
    (row,) = ask(api.list_tasks, person("leader"), query=api.TaskQuery(state="overdue", department="industry"))["items"]
    assert (row["due_on"], row["state"]) == (date(2026, 1, 1), "overdue")
    assert ask(api.show_task, id=found.pk)["progress"] == []
    with pytest.raises(SignInRequired):
        ask(api.assign_task, id=found.pk, given=api.TaskAssignIn(seen=""))


def test_a_program_assigns_with_what_it_saw(task, person) -> None:
    found, office = task(), person("ndrc")
    seen = ask(api.show_task, office, id=found.pk)["seen"]
    given = api.TaskAssignIn(
        seen=seen, due_on=date(2027, 6, 30), milestones=[{"title": "开工", "due_on": date(2027, 1, 1)}]
    )
    card = ask(api.assign_task, office, id=found.pk, given=given)
    assert (card["due_on"], [each["title"] for each in card["milestones"]]) == (date(2027, 6, 30), ["开工"])
    with pytest.raises(StaleError):
        ask(api.assign_task, office, id=found.pk, given=given)
