from __future__ import annotations

from datetime import timedelta

import pytest

from dafeng.domains.inclusion.errors import Refused
from dafeng.domains.inclusion.operations import complaints, privacy
from dafeng.kernel.desk.models import Notice
from dafeng.kernel.errors import TransitionError
from dafeng.kernel.records.models import AuditEntry


def sent(programme, user, now, key="k1", **given):
    return complaints.receive(programme, about="points", text="昨天的积分没有到", key=key, by=user, now=now, **given)


def test_the_same_form_sent_twice_is_one_complaint_with_a_term(programme, person, now) -> None:
    one = person()
    made = sent(programme, one, now)
    assert sent(programme, one, now) == made
    assert str(made.due) == "2026-12-06"  # 15 days after 21 November
    assert not complaints.is_late(made, made.due)
    assert complaints.is_late(made, made.due + timedelta(days=1))


def test_it_is_answered_by_the_desk_that_it_was_given_to_and_raised_again_once(
    programme, person, operator, ndrc, now
) -> None:
    one = person()
    made = sent(programme, one, now)
    with pytest.raises(TransitionError):
        complaints.close(made, reason="太早", by=operator, now=now)
    complaints.assign(made, desk="ndrc", by=operator, now=now)
    with pytest.raises(Refused) as refusal:
        complaints.answer(made, text="已经补发积分了", by=operator, now=now)
    assert refusal.value.code == "not_your_desk"
    complaints.answer(made, text="已经补发积分了", by=ndrc, now=now)
    assert Notice.objects.for_user(one).count() == 1
    complaints.reopen(made, why="还是没有看到积分", by=one, now=now + timedelta(days=5))
    assert (made.record.state, str(made.due)) == ("reopened", "2026-12-11")
    complaints.assign(made, desk="ndrc", by=ndrc, now=now)
    complaints.answer(made, text="请刷新页面再看看", by=ndrc, now=now)
    with pytest.raises(Refused) as refusal:
        complaints.reopen(made, why="还是没有看到积分", by=one, now=now)
    assert refusal.value.code == "reopened_once"
    complaints.accept(made, by=one, now=now)
    assert made.record.state == "closed"


def test_five_a_day_are_enough_and_an_empty_one_is_none(programme, person, now) -> None:
    one = person()
    for number in range(5):
        sent(programme, one, now, key=str(number))
    with pytest.raises(Refused) as refusal:
        sent(programme, one, now, key="6")
    assert refusal.value.code == "complaints_many"
    with pytest.raises(Refused) as refusal:
        complaints.receive(programme, about="other", text=" 不 ", key="7", by=one, now=now)
    assert refusal.value.code == "text_missing"


def test_erasure_blanks_the_text_and_the_audit_never_knew_the_person(programme, member, person, now) -> None:
    user = person()
    one = member(user)
    made = sent(programme, user, now)
    assert privacy.about(one)["complaints"][0]["text"] == "昨天的积分没有到"
    privacy.forget(one, now=now)
    made.refresh_from_db()
    assert (made.text, made.user) == ("", None)
    assert not AuditEntry.objects.filter(actor=user.username).exists()
