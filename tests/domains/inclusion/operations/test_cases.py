from __future__ import annotations

from datetime import timedelta

import pytest

from dafeng.domains.inclusion.errors import Refused
from dafeng.domains.inclusion.models import Case, Event
from dafeng.domains.inclusion.operations import cases
from dafeng.kernel.errors import PermissionDenied, StaleError
from tests.domains.inclusion.operations.conftest import audited, balance

SPEED = ["speed", 60, {"kmh": 140, "most": 60}]


@pytest.fixture
def held(member, act):
    """A member with two held events of 30 points, gathered."""
    one = member()
    events = [act(one, state=Event.State.HELD, findings=[SPEED]) for _ in range(2)]
    return one, events


def case_of(now) -> Case:
    cases.gather(now=now)
    return Case.objects.get()


def test_held_events_of_a_member_are_one_case(held, member, act, now) -> None:
    act(member(), state=Event.State.HELD, findings=[SPEED])
    assert cases.gather(now=now) == 3
    assert cases.gather(now=now) == 0
    assert sorted(each.places.count() for each in Case.objects.all()) == [1, 2]


def test_what_is_cleared_is_paid_and_what_is_rejected_goes_out_of_use(held, operator, now) -> None:
    one, events = held
    assert balance(one) == (0, 60)
    case = case_of(now)
    seen = [each.pk for each in events]
    with pytest.raises(StaleError):
        cases.decide(case, seen=seen[:1], rejected=[], reason="", by=operator, now=now)
    with pytest.raises(Refused) as refusal:
        cases.decide(case, seen=seen, rejected=seen[1:], reason=" ", by=operator, now=now)
    assert refusal.value.code == "reason_missing"
    cases.decide(case, seen=seen, rejected=seen[1:], reason="车速不可能", by=operator, now=now)
    assert balance(one) == (30, 0)
    assert [each.state for each in Event.objects.order_by("pk")] == [Event.State.POSTED, Event.State.REFUSED]
    assert case.record.state == "rejected"
    audited()


def test_an_appeal_goes_to_another_person_and_pays_when_it_is_right(held, operator, ndrc, person, now) -> None:
    one, events = held
    case = case_of(now)
    seen = [each.pk for each in events]
    cases.decide(case, seen=seen, rejected=seen, reason="车速不可能", by=operator, now=now)
    assert balance(one) == (0, 0)
    cases.appeal(case, one, "那天坐的是高铁接驳车", now=now + timedelta(days=2))
    with pytest.raises(Refused) as refusal:
        cases.appeal(case, one, "再来一次", now=now + timedelta(days=2))
    assert refusal.value.code == "appeal_not_open"
    with pytest.raises(PermissionDenied):
        cases.answer(case, overturn=True, reason="属实", by=operator, now=now)
    cases.answer(case, overturn=True, reason="属实", by=ndrc, now=now + timedelta(days=3))
    assert case.record.state == "overturned"
    assert balance(one) == (60, 0)
    assert set(Event.objects.values_list("state", flat=True)) == {Event.State.POSTED}
    with pytest.raises(Exception, match="现为"):
        cases.answer(case, overturn=True, reason="再补一次", by=ndrc, now=now + timedelta(days=3))
    assert balance(one) == (60, 0)
    audited()


def test_whoever_rejected_does_not_decide_the_appeal_even_with_an_offices_role(held, person, now) -> None:
    from dafeng.portal.accounts.models import Membership, Organisation

    both = person("operator")
    Membership.objects.create(user=both, organisation=Organisation.objects.create(code="n", name="n"), role="ndrc")
    one, events = held
    case = case_of(now)
    seen = [each.pk for each in events]
    cases.decide(case, seen=seen, rejected=seen, reason="不可能", by=both, now=now)
    cases.appeal(case, one, "是真的", now=now)
    with pytest.raises(PermissionDenied, match="另一人"):
        cases.answer(case, overturn=False, reason="维持", by=both, now=now)


def test_an_appeal_has_a_term_and_belongs_to_the_member(held, member, operator, now) -> None:
    one, events = held
    case = case_of(now)
    seen = [each.pk for each in events]
    cases.decide(case, seen=seen, rejected=seen, reason="不可能", by=operator, now=now)
    with pytest.raises(Refused) as refusal:
        cases.appeal(case, member(), "不是我的", now=now)
    assert refusal.value.code == "appeal_not_open"
    with pytest.raises(Refused) as refusal:
        cases.appeal(case, one, "太晚了", now=now + timedelta(days=31))
    assert refusal.value.code == "appeal_late"
