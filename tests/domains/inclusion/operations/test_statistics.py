from __future__ import annotations

from datetime import date, datetime

import pytest
from django.utils import timezone

from dafeng.domains.inclusion.models import Event, OpenFigures
from dafeng.domains.inclusion.operations import publication, statistics
from dafeng.kernel.indicators import services as indicators
from tests.domains.inclusion.operations.conftest import NOW, PINGQIAO, SHIHE

TODAY = date(2026, 11, 21)  # a Saturday: the figures reach to Sunday, the 15th


def at(day: int, month: int = 11):
    return timezone.make_aware(datetime(2026, month, day, 9, 0))


@pytest.fixture
def acts(member, scene):
    """Rows alone: what is counted, not what is paid."""

    def make(one, *, group="travel", when, grams=1000, points=10, state=Event.State.POSTED):
        where = scene({"travel": "bus", "recycling": "bottle"}[group], group)
        return Event.objects.create(
            scene=where, member=one, source_id=f"s{Event.objects.count()}", digest="0" * 32, happened_at=when, received_at=when,
            state=state, grams=grams, points=points,
        )  # fmt: skip

    return make


def test_figures_add_up_and_small_cells_are_left_out(programme, member, acts) -> None:
    shihe, pingqiao = [member() for _ in range(20)], [member(county=PINGQIAO) for _ in range(4)]
    for one in shihe:
        acts(one, when=at(3))
        acts(one, group="recycling", when=at(4, month=10), grams=500, points=5)
    for one in pingqiao:
        acts(one, when=at(5))
    acts(shihe[0], when=at(16))  # this week: not yet
    acts(shihe[0], when=at(6), state=Event.State.REVERSED)
    found = statistics.public(programme, today=TODAY)
    assert (found.until, found.months) == ("2026-11-15", ["2026-10", "2026-11"])
    every = found.cell()
    # 24 acts of 1,000 g and 20 of 500 g; 24 × 10 + 20 × 5 points.
    assert (every.persons, every.events, every.grams, every.points) == (24, 44, 34_000, 340)
    assert found.cell("2026-11", group="travel").events == 24
    # Pingqiao: 4 persons, hidden; Shihe of November with it, else 24 − 20 would tell.
    assert not found.cell("2026-11", county=PINGQIAO).shown
    assert not found.cell("2026-11", county=SHIHE).shown
    assert (found.members, found.members_by_county[PINGQIAO], found.members_by_county[SHIHE]) == (24, None, None)


def test_what_was_published_on_a_day_stays(programme, member, acts) -> None:
    for one in [member() for _ in range(12)]:
        acts(one, when=at(3))
    first = statistics.public(programme, today=TODAY)
    acts(member(), when=at(4))
    assert statistics.public(programme, today=TODAY) == first
    assert statistics.public(programme, today=date(2026, 11, 22)).cell().events == 13
    assert OpenFigures.objects.count() == 2


def test_figures_of_few_persons_are_not_published_at_all(programme, member, acts) -> None:
    acts(member(), when=at(3))
    found = statistics.public(programme, today=TODAY)
    assert found.cell().grams is None
    assert found.members is None


def test_the_figures_are_indicators_and_hidden_ones_are_marked_confidential(programme, member, acts) -> None:
    for one in [member() for _ in range(12)]:
        acts(one, when=at(3))
    acts(member(county=PINGQIAO), when=at(3))
    assert publication.publish(programme, today=TODAY, now=NOW) > 0
    publication.publish(programme, today=TODAY, now=NOW)  # again: the run is replaced
    grams = indicators.values("inclusion.grams", period="2026-11")
    told = dict(zip(grams["subject"], zip(grams["value"], grams["notation"], strict=True), strict=True))
    assert told[programme.code][0] == pytest.approx(0.013)  # 13 acts of 1,000 g
    assert told[PINGQIAO] == (None, "C")
    issued = indicators.values("inclusion.points.issued", subject=programme.code, period="2026-11")
    assert issued["value"].to_list() == [130.0]


def test_few_grouped_queries_however_many_acts(programme, member, acts, django_assert_max_num_queries) -> None:
    for one in [member() for _ in range(15)]:
        acts(one, when=at(3))
    with django_assert_max_num_queries(16):
        statistics.computed(programme, today=TODAY)
