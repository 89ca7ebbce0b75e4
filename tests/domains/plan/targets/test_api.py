"""The operations by themselves: what the pages show and do, for programs, under the same rules."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory
from ninja import Status

from dafeng.domains.plan.api import targets as api
from dafeng.domains.plan.models import Warning
from dafeng.domains.plan.services import judging
from dafeng.kernel.errors import NotFound, PermissionDenied, SignInRequired, StaleError, UploadError

RECYCLING = "plan.reported.waste_recycling"


@pytest.fixture
def ask():
    """Calls an operation as somebody; the public by default."""

    def call(function, user=None, **given):
        request = RequestFactory().post("/")
        request.user = user or AnonymousUser()
        found = function(request, **given)
        return found.value if isinstance(found, Status) else found

    return call


def test_every_operation_carries_an_action() -> None:
    operations = [each for view in api.router.path_operations.values() for each in view.operations]
    assert len(operations) == 11
    assert all(hasattr(each.view_func, "action") for each in operations)


def test_anybody_reads_targets_with_their_lights(ask, target, report, now) -> None:
    found = target()
    report(RECYCLING, {"2020": 20.0, "2024": 26.0})
    judging.judge("411500", now=now)
    listed = ask(api.list_targets, query=api.TargetQuery(light="red"))
    assert listed["total"] == 1
    row = api.TargetOut(**listed["items"][0])
    assert (row.light, row.observed, row.expected_value) == ("red", 26.0, pytest.approx(32.0))
    card = api.TargetCard(**ask(api.show_target, id=found.pk))
    assert card.judgement["path"][-1] == [2025.0, 35.0]
    assert [each["light"] for each in card.history] == ["red"]
    with pytest.raises(SignInRequired):
        ask(api.list_plan_values, query=api.PlanValueQuery())
    with pytest.raises(NotFound):
        ask(api.show_target, id=10**30)


def test_a_department_hands_in_and_the_office_takes(ask, target, person, now) -> None:
    target()
    clerk, office = person("department", "clerk", "urban"), person("ndrc")
    given = api.ValueIn(indicator=RECYCLING, subject="411500", period="2024", value=26, source="台账")
    made = api.PlanValueOut(**ask(api.report_plan_value, clerk, given=given, file=SimpleUploadedFile("账.txt", b"1")))
    with pytest.raises(StaleError):
        ask(api.report_plan_value, clerk, given=given, file=None)
    with pytest.raises(PermissionDenied):
        ask(api.accept_plan_value, clerk, id=made.id)
    assert ask(api.accept_plan_value, office, id=made.id)["state"] == "accepted"
    assert (
        ask(api.list_plan_values, clerk, query=api.PlanValueQuery(state="accepted", indicator=RECYCLING))["total"] == 1
    )


def test_a_sheet_with_a_fault_writes_nothing(ask, target, person) -> None:
    target()
    rows = f"指标代码,地区,时期,数值,单位,数据来源\n{RECYCLING},信阳市,2024,26,%,台账\n{RECYCLING},信阳市,2023,很多,%,台账\n"
    clerk = person("department", "clerk", "urban")
    with pytest.raises(Exception, match="不是数字"):
        ask(api.import_plan_values, clerk, file=SimpleUploadedFile("v.csv", rows.encode()))
    with pytest.raises(UploadError):
        ask(api.import_plan_values, clerk, file=SimpleUploadedFile("v.csv", b"a,b\n"))
    assert ask(api.list_plan_values, clerk, query=api.PlanValueQuery())["total"] == 0


def test_a_warning_is_answered_and_a_stale_program_refused(ask, target, report, person, now) -> None:
    target()
    report(RECYCLING, {"2020": 20.0, "2024": 26.0})
    judging.judge("411500", now=now)
    clerk, number = person("department", "clerk", "urban"), Warning.objects.get().pk
    step = api.WarningStep(action="acknowledge", seen="raised")
    assert ask(api.step_warning, clerk, id=number, given=step)["state"] == "acknowledged"
    with pytest.raises(StaleError):
        ask(api.step_warning, clerk, id=number, given=step)
    assert ask(api.list_warnings, clerk, query=api.WarningQuery(scope="mine"))["total"] == 1


def test_the_office_binds_by_program(ask, target, person) -> None:
    found = target(binding="", bound_by="")
    office = person("ndrc")
    bound = ask(api.bind_target, office, id=found.pk, given=api.TargetBind(code=RECYCLING, seen=""))
    assert bound["binding"] == RECYCLING
    with pytest.raises(PermissionDenied):
        ask(api.bind_target, person("leader"), id=found.pk, given=api.TargetBind(code="", seen=RECYCLING))
