"""The demonstration: made once, marked, and the same when it is asked for again."""

from __future__ import annotations

from dafeng.domains.inclusion.models import Agreement, Campaign, Case, Complaint, Event, Partner, Recognition
from dafeng.domains.inclusion.operations import demo


def test_the_demonstration_is_made_once_and_marked(programme, scene, member, act, operator, ndrc, person, now) -> None:
    bus = scene("bus")
    Partner.objects.filter(pk=bus.partner_id).update(demo=True)
    citizen = person()
    for _number in range(2):
        act(member(), bus, state=Event.State.HELD, findings=[["speed", 60, {"kmh": 140, "most": 60}]])
    for _again in range(2):
        demo.ensure_demo(programme, now=now)
        counts = [each.objects.count() for each in (Agreement, Recognition, Campaign, Case, Complaint)]
        assert counts == [2, 1, 1, 2, 1]
    assert Complaint.objects.get().user == citizen
    assert set(Partner.objects.filter(demo=True).values_list("state", flat=True)) == {"active"}
    assert Recognition.objects.get().record.state == "adopted"


def test_without_an_operators_login_nothing_is_made(programme, now) -> None:
    demo.ensure_demo(programme, now=now)
    assert not Partner.objects.exists()
