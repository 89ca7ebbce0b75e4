"""The demonstration: made once, through the real doors."""

from __future__ import annotations

from datetime import timedelta

from dafeng.domains.inclusion.models import Event, Partner, Scene
from dafeng.domains.inclusion.scenes import demo, rehearsal
from tests.domains.inclusion.scenes.world import NOW, programme


def test_the_demo_is_marked_and_calling_it_again_changes_nothing() -> None:
    of = programme()
    demo.ensure_demo(of, now=NOW)
    count = Event.objects.count()
    assert 200 < count < 400
    assert Scene.objects.count() == len(demo.SCENES) == Scene.objects.filter(demo=True).count()
    assert all(each.demo and "演示" in each.name for each in Partner.objects.filter(kind="scene"))
    assert not Event.objects.filter(state=Event.State.RECEIVED).exists()
    assert Event.objects.filter(state=Event.State.HELD).exists()
    assert Event.objects.filter(state=Event.State.REFUSED, reason="quantity_negative").exists()
    assert rehearsal.books()[0] == rehearsal.books()[1]
    demo.ensure_demo(of, now=NOW)
    assert Event.objects.count() == count
    demo.ensure_demo(of, now=NOW + timedelta(days=1))
    assert Event.objects.count() > count
