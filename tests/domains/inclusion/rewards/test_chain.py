"""From a choice to money: trips come in through a scene, are processed, and are paid with points or with money, never both."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from dafeng.domains.inclusion import services
from dafeng.domains.inclusion.errors import Refused
from dafeng.domains.inclusion.members import accounts
from dafeng.domains.inclusion.models import Event, Scene
from dafeng.domains.inclusion.rewards import choices, rules
from dafeng.domains.inclusion.scenes import intake, processing
from tests.domains.inclusion.rewards.conftest import NOW, TRIPS, Office


@pytest.fixture
def chain(office: Office) -> Any:
    """A bus and a bike that send trips of one member; a rule pays 0.50 yuan for each."""
    services.ensure_programme(
        "411500", "信阳市", "Xinyang", counties=office.programme.counties, now=NOW - timedelta(days=60)
    )
    bus, bike = office.scene("bus"), office.scene("shared-bike")
    member = office.member()
    tokens = {scene: accounts.bind(member, scene.partner, now=NOW - timedelta(days=30)).token for scene in (bus, bike)}
    office.money(10**6)
    return office, office.rule(TRIPS, code="trips"), member, bus, bike, tokens


def ride(scene: Scene, token: str, at: datetime, number: str) -> None:
    event = {
        "scene": scene.code, "id": number, "member": token, "at": at.isoformat(),
        "until": (at + timedelta(minutes=20)).isoformat(), "data": {"distance": 5},
    }  # fmt: skip
    receipt = intake.receive(scene.partner, [event], key=number, channel="api", now=NOW + timedelta(hours=9))
    assert receipt.answers == ["accepted"]


def state_of(number: str) -> tuple[str, int, str, int]:
    event = Event.objects.get(source_id=number)
    return event.benefit, event.state, event.reason, event.points


def test_a_trip_is_paid_with_points_or_with_money(chain: Any) -> None:
    office, rule, member, bus, bike, tokens = chain
    choices.choose(member, "travel", money=True, now=NOW)
    ride(bus, tokens[bus], NOW - timedelta(hours=3), "before")
    ride(bus, tokens[bus], NOW + timedelta(hours=1), "after")
    processing.process_all(now=NOW + timedelta(hours=9))
    benefit, state, _reason, points = state_of("before")
    assert (benefit, state) == ("points", Event.State.POSTED)
    assert points > 0
    assert state_of("after") == ("reward", Event.State.NOTHING, "paid_as_reward", 0)
    # The same trip, told by the bike as well, in a later chunk: no second payment of any kind.
    ride(bike, tokens[bike], NOW + timedelta(hours=1, minutes=5), "again")
    processing.process_all(now=NOW + timedelta(hours=9))
    assert state_of("again")[1:3] == (Event.State.NOTHING, "trip_overlaps")
    award = office.apply(rule, member, {}, now=NOW + timedelta(hours=10))
    assert (award.data["trips"], award.fen) == ("1", 50)
    assert [use.event.source_id for use in award.uses.all()] == ["after"]
    with pytest.raises(Refused) as refused:
        office.apply(rule, member, {}, subject="再一次", now=NOW + timedelta(hours=10))
    assert refused.value.code == "nothing_to_reward"


def test_without_a_rule_a_choice_costs_nobody_their_points(chain: Any) -> None:
    office, rule, member, bus, _bike, tokens = chain
    choices.choose(member, "travel", money=True, now=NOW)
    rules.move(rule, "end", by=office.person("ecology"), now=NOW, reason="期满")
    ride(bus, tokens[bus], NOW + timedelta(hours=1), "after")
    processing.process_all(now=NOW + timedelta(hours=9))
    assert state_of("after")[:2] == ("points", Event.State.POSTED)
