"""A simulated day over bad lines with a worker that is killed: the books agree, and cheats are seen through."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from dafeng.domains.inclusion.models import Event
from dafeng.domains.inclusion.scenes import rehearsal, simulator
from dafeng.kernel.ledger import services as ledger
from tests.domains.inclusion.scenes.world import NOW, programme

START = timezone.make_aware(datetime(2026, 11, 19))


def test_the_same_seed_makes_the_same_day() -> None:
    one, two = (simulator.day(seed=3, start=START, events=500, cheats=3) for _ in range(2))
    assert one == two
    assert one != simulator.day(seed=4, start=START, events=500, cheats=3)


def test_a_day_has_its_hours_scenes_and_cheats() -> None:
    sent = simulator.day(seed=1, start=START, events=4_000, cheats=5)
    assert {each.planted for each in sent} == {"", *simulator.KINDS}
    assert {each.event["scene"] for each in sent} == set(simulator.SCENES)
    numbers = [each.event["id"] for each in sent]
    assert len(set(numbers)) == len(numbers)
    hours = [datetime.fromisoformat(each.event["at"]).hour for each in sent]
    assert sum(6 <= hour <= 9 for hour in hours) > len(hours) * 0.2
    assert all(START - timedelta(hours=2) < datetime.fromisoformat(each.event["at"]) < NOW for each in sent)


@pytest.mark.django_db(transaction=True)
def test_over_bad_lines_with_kills_nothing_is_lost_and_nothing_counted_twice(fresh_ledger) -> None:
    sent = simulator.day(seed=11, start=START, events=4_000, cheats=15)
    partners = rehearsal.build(programme(), max(each.member for each in sent) + 1, now=NOW)
    rehearsal.run(partners, sent, now=NOW, seed=11, batch=250)
    assert Event.objects.count() == len(sent)
    assert not Event.objects.filter(state__in=(Event.State.RECEIVED, Event.State.REFUSED)).exists()
    of_events, of_ledger = rehearsal.books()
    assert of_events == of_ledger > 10_000
    assert ledger.audit().ok

    found = rehearsal.measured(sent)
    # The floors leave room for another day, not for a rule that stopped working. Some cheats cannot be told from honest people:
    # a jump of 25 km in 25 minutes is a fast drive, a second trip that overlaps by two minutes is two clocks.
    floors = {"speed": 0.7, "jump": 0.5, "farm": 0.5, "outside": 1.0, "burst": 0.9, "duplicate": 0.6, "replay": 1.0}
    assert {kind: found.recall(kind) for kind in floors if found.recall(kind) < floors[kind]} == {}
    assert found.precision > 0.9
    assert found.troubled / found.honest < 0.005


def test_measuring_by_hand() -> None:
    def sent(number: str, planted: str) -> simulator.Sent:
        return simulator.Sent("p", 0, {"scene": "s", "id": number}, planted)

    day = [sent("1", "speed"), sent("2", "speed"), sent("3", ""), sent("4", ""), sent("5", "replay")]
    found = simulator.measure(day, {("s", "1"): True, ("s", "2"): False, ("s", "3"): True, ("s", "4"): False})
    assert (found.recall("speed"), found.recall(), found.precision, found.honest, found.troubled) == (
        0.5,
        0.5,
        0.5,
        2,
        1,
    )
