"""The operations by themselves: what the pages show and do, for programs, under the same rules."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory
from ninja import Status

from dafeng.domains.plan.api import outline as api
from dafeng.domains.plan.models import Correction, Plan, Question, Target, Version
from dafeng.kernel.errors import NotFound, PermissionDenied, PlanError, StaleError
from tests.domains.plan.outline.conftest import TEXT


@pytest.fixture
def ask():
    """Calls an operation as somebody; nobody in particular by default."""
    from django.contrib.auth.models import AnonymousUser

    def call(function, user=None, **given):
        request = RequestFactory().post("/")
        request.user = user or AnonymousUser()
        found = function(request, **given)
        return found.value if isinstance(found, Status) else found

    return call


@pytest.fixture
def read(ask, office, town) -> Version:
    file = SimpleUploadedFile("方案.txt", TEXT.encode())
    made = ask(api.upload_plan, office, file=file, given=api.PlanUpload())
    return Version.objects.get(plan__key=made["plan"], number=made["version"])


def test_every_operation_carries_an_action() -> None:
    operations = [each for view in api.router.path_operations.values() for each in view.operations]
    assert len(operations) == 15
    assert all(hasattr(each.view_func, "action") for each in operations)


def test_a_program_hands_in_corrects_and_accepts(ask, office, read) -> None:
    key = read.plan.key
    items = ask(api.list_plan_items, office, key=key, number=1, query=api.PlanItemQuery(kind="target"))["items"]
    wind = next(each for each in items if each["name"] == "风电装机")
    said = api.CorrectionIn(do="change", ref=wind["ref"], fields={"year": 2026})
    assert ask(api.correct_plan, office, key=key, number=1, given=said)["id"] == Correction.objects.get().pk
    assert Correction.objects.get().value == {"year": 2026}
    stale = api.PlanAcceptIn(seen="0" * 64)
    with pytest.raises(StaleError):
        ask(api.accept_plan_version, office, key=key, number=1, given=stale)
    card = ask(api.show_plan_version, office, key=key, number=1)
    done = ask(api.accept_plan_version, office, key=key, number=1, given=api.PlanAcceptIn(seen=card["seen"]))
    assert (done["state"], done["current"]) == ("accepted", True)
    assert Target.objects.get(indicator="风电装机").year == 2026
    public = ask(api.show_plan, key=key)
    assert [row["title"] for row in public["tasks"]] == ["发展风电", "改造建筑", "宣传教育"]
    assert public["questions"] == []
    assert ask(api.show_plan, office, key=key)["questions"]


def test_corrections_are_checked_as_the_form_checks_them(ask, office, read) -> None:
    target = ask(api.list_plan_items, office, key=read.plan.key, number=1, query=api.PlanItemQuery(kind="target"))["items"][0]  # fmt: skip
    for fields, said in (({"colour": 1}, "不认识的字段"), ({"year": 12}, "目标年"), ({"operator": "range"}, "上限")):
        given = api.CorrectionIn(do="change", ref=target["ref"], fields=fields)
        with pytest.raises(PlanError, match=said):
            ask(api.correct_plan, office, key=read.plan.key, number=1, given=given)
    added = api.CorrectionIn(do="add", kind="target", quote="开展全民宣传", fields={"indicator": "宣传场次", "low": 3})
    made = ask(api.correct_plan, office, key=read.plan.key, number=1, given=added)["id"]
    assert ask(api.withdraw_plan_correction, office, id=made)["id"] == made
    assert Correction.objects.get().withdrawn_at is not None


def test_others_are_turned_away_and_drafts_do_not_exist_for_them(ask, person, read) -> None:
    key = read.plan.key
    assert ask(api.list_plans, query=api.Paging())["total"] == 0
    with pytest.raises(NotFound):
        ask(api.show_plan, key=key)
    for user in (None, person("department"), person("citizen")):
        with pytest.raises(PermissionDenied):
            ask(api.accept_plan_version, user, key=key, number=1, given=api.PlanAcceptIn(seen="x"))
    with pytest.raises(PermissionDenied):
        ask(api.list_plan_questions, person("bank"), query=api.QuestionQuery())
    assert not Target.objects.exists()


def test_questions_are_answered_and_closed(ask, office, accepted) -> None:
    plan = accepted().plan
    found = ask(api.list_plan_questions, office, query=api.QuestionQuery(plan=plan.key, state="open"))
    assert found["total"] == Question.objects.count() > 0
    one = found["items"][0]
    answered = ask(api.answer_plan_question, office, id=one["id"], given=api.QuestionMoveIn(state="open", text="已核"))
    assert (answered["state"], answered["answer"]) == ("answered", "已核")
    with pytest.raises(StaleError):
        ask(api.answer_plan_question, office, id=one["id"], given=api.QuestionMoveIn(state="open", text="又核"))
    closed = api.QuestionMoveIn(state="answered", text="了结")
    assert ask(api.move_plan_question, office, id=one["id"], action="close", given=closed)["state"] == "closed"


def test_two_versions_are_compared(ask, office, accepted, hand_in) -> None:
    first = accepted()
    hand_in(TEXT.replace("120", "150"), plan=first.plan)
    query = api.PlanCompareQuery(old=1, new=2)
    told = ask(api.compare_plan_versions, office, key=first.plan.key, query=query)
    [change] = told["items"]
    assert (told["total"], told["limit"], told["offset"]) == (1, 100, 0)
    assert (change["state"], change["fields"]) == ("changed", {"value": [120, 150]})
    assert Plan.objects.count() == 1
