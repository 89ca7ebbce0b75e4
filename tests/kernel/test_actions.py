"""Actions: declared once, asked everywhere."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from dafeng.kernel import actions
from dafeng.kernel.actions import ANYONE, PUBLIC, action, asks, demand, may
from dafeng.kernel.errors import PermissionDenied, SignInRequired

pytestmark = pytest.mark.django_db
OPEN = action("actest.open", "公开", {PUBLIC})
INSIDE = action("actest.inside", "登录后", {ANYONE})
OFFICE = action("actest.office", "办公", {"ecology"}, writes=True)
OWN = action("actest.own", "自己的", {PUBLIC}, rule=lambda user, thing: thing == "mine")


@pytest.fixture
def person():
    return get_user_model().objects.create_user("someone", password="x")


def test_the_public_the_signed_in_and_the_role(person) -> None:
    from dafeng.portal.accounts.models import Membership, Organisation

    stranger = AnonymousUser()
    assert [may(stranger, each) for each in (OPEN, INSIDE, OFFICE)] == [True, False, False]
    assert [may(person, each) for each in (OPEN, INSIDE, OFFICE)] == [True, True, False]
    office = Organisation.objects.create(code="e", name="生态环境局")
    Membership.objects.create(user=person, organisation=office, role="ecology")
    assert may(person, OFFICE)
    person.is_active = False
    assert [may(person, each) for each in (OPEN, INSIDE, OFFICE)] == [True, False, False]


def test_a_rule_narrows_to_objects() -> None:
    stranger = AnonymousUser()
    assert may(stranger, OWN)
    assert may(stranger, OWN, "mine")
    assert not may(stranger, OWN, "yours")


def test_a_stranger_is_asked_to_sign_in_and_a_person_is_told_whom_to_ask(person) -> None:
    with pytest.raises(SignInRequired, match="办公"):
        demand(AnonymousUser(), OFFICE)
    with pytest.raises(PermissionDenied, match="系统管理员") as refused:
        demand(person, OFFICE)
    assert not isinstance(refused.value, SignInRequired)


def test_a_guarded_view_carries_its_action_and_does_not_begin_for_strangers() -> None:
    @asks(OFFICE)
    def view(request):
        raise AssertionError("began")

    assert view.action is OFFICE
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    with pytest.raises(SignInRequired):
        view(request)


def test_one_code_is_one_action() -> None:
    assert action("actest.open", "公开", {PUBLIC}) == OPEN
    with pytest.raises(ValueError, match="twice"):
        action("actest.open", "公开", {ANYONE})
    assert OFFICE.scope == "actest:write"
    assert OPEN in actions.registered()
