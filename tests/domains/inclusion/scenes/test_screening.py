"""Each rule, beside what it must leave alone."""

from __future__ import annotations

from typing import Any

import pytest

from dafeng.domains.inclusion.models import Event, Member
from dafeng.domains.inclusion.scenes import screening
from tests.domains.inclusion.scenes.world import NOW

STATE = Event.State


@pytest.fixture
def token(city) -> str:
    return city.member()[1]["bus"]


def became(city, *events: dict[str, Any]) -> list[tuple[int, str, list[str]]]:
    """state, reason and rules of each event, sent and processed one batch after another."""
    for event in events:
        city.send(event, of=city.bike if event["scene"] == "bike-ride" else city.bus)
    city.process()
    rows = Event.objects.order_by("id").values_list("state", "reason", "findings")
    return [(state, reason, [each[0] for each in findings]) for state, reason, findings in rows]


FINE = (STATE.POSTED, "", [])


def test_a_bus_at_a_hundred_and_eleven_is_too_fast(city, token) -> None:
    # 37 km in 20 minutes is 111 km/h, 36 km is 108
    assert became(city, city.event(token, km=37), city.event(token, km=36, minutes=60)) == [
        (STATE.HELD, "", ["speed"]),
        FINE,
    ]
    finding = screening.judge(Event.objects.order_by("id")[0])[0]
    assert (finding.share, "111" in finding.sentence) == (100, True)


def test_a_bicycle_is_slower_than_a_bus(city) -> None:
    token = city.member()[1]["bike"]
    ride = city.event(token, scene="bike-ride", km=14, lasts=20)  # 42 km/h
    assert became(city, ride) == [(STATE.HELD, "", ["speed"])]


def test_beyond_the_city_is_held_and_the_neighbour_county_is_not(city, token) -> None:
    near = city.event(token, **{"from": [114.0, 32.9], "to": [114.0, 32.91]})
    far = city.event(token, minutes=400, **{"from": [116.39, 39.9], "to": [116.4, 39.9]})
    assert became(city, near, far) == [FINE, (STATE.HELD, "", ["area"])]


def test_a_line_longer_than_the_trip_is_held(city, token) -> None:
    # 0.30° of longitude at 32° N is 28 km; the trip says 5
    assert became(city, city.event(token, km=5, **{"from": [114.0, 32.1], "to": [114.3, 32.1]})) == [
        (STATE.HELD, "", ["detour"])
    ]


def test_a_jump_between_two_events_is_held_whatever_their_order(city) -> None:
    for first, second in ((0, 30), (30, 0)):
        token = city.member()[1]["bus"]
        here = city.event(token, minutes=first, **{"from": [114.0, 32.1], "to": [114.03, 32.1]})
        there = city.event(
            token, minutes=second, **{"from": [114.6, 32.1], "to": [114.63, 32.1]}
        )  # 54 km in ten minutes
        assert became(city, here, there)[-2:] == [FINE, (STATE.HELD, "", ["jump"])]


def test_far_but_slowly_is_fine(city, token) -> None:
    here = city.event(token, **{"from": [114.0, 32.1], "to": [114.03, 32.1]})
    there = city.event(token, minutes=80, **{"from": [114.6, 32.1], "to": [114.63, 32.1]})  # 54 km in an hour
    assert became(city, here, there) == [FINE, FINE]


def test_a_family_may_share_a_telephone_and_a_farm_may_not(city) -> None:
    tokens = [city.member()[1]["bus"] for _ in range(5)]
    events = [city.event(token, device="one-telephone") for token in tokens]
    assert became(city, *events[:4]) == [FINE] * 4
    assert became(city, events[4])[-1] == (STATE.HELD, "", ["device"])
    assert became(city, city.event(tokens[0], minutes=90, device="one-telephone"))[-1] == (STATE.HELD, "", ["device"])


def test_one_trip_is_paid_once_across_partners(city) -> None:
    _who, tokens = city.member()
    bus = city.event(tokens["bus"])
    bike = city.event(tokens["bike"], scene="bike-ride", minutes=5, km=2, lasts=10)
    after = city.event(tokens["bike"], scene="bike-ride", minutes=19, km=2, lasts=10)  # a minute of overlap: two clocks
    assert became(city, bus, bike, after) == [FINE, (STATE.NOTHING, "trip_overlaps", []), FINE]


def test_what_is_unpaid_covers_nothing(city) -> None:
    token = city.member()[1]["bus"]
    first, second, third = (city.event(token, minutes=start, lasts=20) for start in (0, 15, 30))
    assert became(city, first, second, third) == [FINE, (STATE.NOTHING, "trip_overlaps", []), FINE]


def test_an_overlap_with_a_held_trip_waits_with_it(city) -> None:
    token = city.member()[1]["bus"]
    fast = city.event(token, km=60, lasts=20)
    assert became(city, fast, city.event(token, minutes=5)) == [
        (STATE.HELD, "", ["speed"]),
        (STATE.HELD, "", ["overlap"]),
    ]


def test_the_same_content_under_another_number_is_not_paid(city, token) -> None:
    event = city.event(token)
    assert became(city, event, {**event, "id": "other"}) == [FINE, (STATE.NOTHING, "content_repeated", [])]


def test_the_same_in_one_chunk_and_in_two_is_judged_alike(city) -> None:
    token = city.member()[1]["bus"]
    events = [city.event(token, minutes=5 * n, lasts=12) for n in range(6)]
    one = became(city, *events)
    token = city.member()[1]["bus"]
    for n in range(6):
        city.send(city.event(token, minutes=5 * n, lasts=12))
        city.process()
    rows = Event.objects.order_by("id").values_list("state", "reason")
    assert list(rows)[6:] == [each[:2] for each in one]


def test_more_than_a_person_does_in_a_day(city, token) -> None:
    found = became(city, *[city.event(token, minutes=25 * n, lasts=5, km=1) for n in range(26)])
    assert found[:24] == [FINE] * 24
    assert [each[2] for each in found[24:]] == [["burst"]] * 2


def test_a_flood_is_held_and_does_not_explode(city, token) -> None:
    city.send(*[city.event(token, minutes=n / 4, lasts=0.1, km=0.1) for n in range(260)])
    done = city.process()
    assert done.held + done.nothing + done.posted == 260
    assert "flood" in {each[0] for each in Event.objects.last().findings}


def test_a_suspended_members_events_wait(city) -> None:
    who, tokens = city.member()
    city.send(city.event(tokens["bus"]))
    Member.objects.filter(pk=who.pk).update(suspended_at=NOW)
    city.process()
    assert Event.objects.get().state == STATE.HELD
