from __future__ import annotations

import pytest

from dafeng.domains.inclusion import bookkeeping
from dafeng.domains.inclusion.errors import Refused
from dafeng.domains.inclusion.models import Event
from dafeng.domains.inclusion.operations import corrections
from dafeng.kernel.desk.models import Notice
from dafeng.kernel.errors import PermissionDenied
from dafeng.kernel.ledger import services as ledger
from tests.domains.inclusion.operations.conftest import audited, balance


def proposed(event, operator, now):
    return corrections.propose(event, reason="公交公司重复报送", by=operator, now=now)


def test_two_persons_reverse_what_was_issued_and_the_member_is_told(member, act, operator, ndrc, now) -> None:
    one = member()
    event = act(one)
    correction = proposed(event, operator, now)
    assert balance(one) == (30, 0)
    with pytest.raises(PermissionDenied):
        corrections.approve(correction, by=operator, now=now)
    assert balance(one) == (30, 0)
    corrections.approve(correction, by=ndrc, now=now)
    event.refresh_from_db()
    assert (correction.record.state, event.state, event.reason) == ("approved", Event.State.REVERSED, "corrected")
    assert (balance(one), correction.recovered) == ((0, 0), 30)
    assert ledger.city_total("points").in_accounts == 0
    assert Notice.objects.for_user(one.user).count() == 1
    with pytest.raises(Refused) as refusal:
        corrections.approve(correction, by=ndrc, now=now)
    assert refusal.value.code == "not_posted"
    audited()


def test_spent_points_are_refused_by_the_ledger_and_what_is_left_can_be_held(
    member, act, spend, operator, ndrc, now
) -> None:
    one = member()
    event = act(one)
    spend(one, 20)
    correction = proposed(event, operator, now)
    corrections.approve(correction, by=ndrc, now=now)
    assert (correction.record.state, correction.event.state) == ("short", Event.State.POSTED)
    assert "余额不足" in correction.refusal
    assert balance(one) == (10, 0)
    # The refusal is a row of the ledger under the approver's name.
    assert [each.answer for each in ledger.refused(f"user:{ndrc.pk}")] == ["insufficient"]
    corrections.dispute(correction, reason="先冻结余下的", by=operator, now=now)
    assert balance(one) == (0, 10)
    # Still short: the attempt frees the hold, fails, and holds again.
    corrections.approve(correction, by=ndrc, now=now)
    assert (correction.record.state, balance(one)) == ("disputed", (0, 10))
    corrections.recover(correction, reason="余下的收回，其余核销", by=ndrc, now=now)
    assert (correction.record.state, correction.recovered, balance(one)) == ("recovered", 10, (0, 0))
    assert Event.objects.get(pk=event.pk).state == Event.State.REVERSED
    assert bookkeeping.points_of("merchant:tea/main").available == 20
    audited()


def test_a_declined_correction_frees_what_was_held(member, act, spend, operator, ndrc, now) -> None:
    one = member()
    event = act(one)
    spend(one, 20)
    correction = proposed(event, operator, now)
    corrections.approve(correction, by=ndrc, now=now)
    corrections.dispute(correction, reason="先冻结", by=operator, now=now)
    corrections.decline(correction, reason="报送无误", by=ndrc, now=now)
    assert (correction.record.state, balance(one)) == ("declined", (10, 0))
    proposed(event, operator, now)  # another may be proposed now
    audited()


def test_points_earned_again_let_a_disputed_correction_be_reversed(member, act, spend, operator, ndrc, now) -> None:
    one = member()
    event = act(one)
    spend(one, 20)
    correction = proposed(event, operator, now)
    corrections.approve(correction, by=ndrc, now=now)
    corrections.dispute(correction, reason="先冻结", by=operator, now=now)
    act(one)  # 30 more of the same month
    corrections.approve(correction, by=ndrc, now=now)
    assert (correction.record.state, balance(one), correction.hold) == ("approved", (10, 0), "")
    audited()


def test_one_correction_at_a_time_and_never_of_ones_own_event(member, act, operator, now) -> None:
    event = act(member())
    proposed(event, operator, now)
    with pytest.raises(Refused) as refusal:
        proposed(event, operator, now)
    assert refusal.value.code == "correction_open"
    with pytest.raises(Refused) as refusal:
        proposed(act(member(operator)), operator, now)
    assert refusal.value.code == "own_event"
    with pytest.raises(Refused) as refusal:
        proposed(act(member(), state=Event.State.HELD), operator, now)
    assert refusal.value.code == "not_posted"
