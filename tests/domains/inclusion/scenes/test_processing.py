"""From a waiting event to points in the ledger: once, whatever happens on the way."""

from __future__ import annotations

import pytest

from dafeng.domains.inclusion import bookkeeping
from dafeng.domains.inclusion.errors import Refused
from dafeng.domains.inclusion.models import Event, Member, MonthUse, Scene, SceneDay
from dafeng.domains.inclusion.scenes import processing, rehearsal, store
from dafeng.domains.inclusion.standards import compute
from dafeng.kernel.ledger import services as ledger
from tests.domains.inclusion.scenes.world import NOW

STATE = Event.State


def test_a_bus_ride_becomes_points(city) -> None:
    who, tokens = city.member()
    assert city.send(city.event(tokens["bus"], km=5)).accepted == 1
    done = city.process()
    event = Event.objects.get()
    # (0.104 − 0.052) kg/pkm × 5 km = 260 g; 10 g make a point
    assert (event.state, event.grams, event.points, event.reason) == (STATE.POSTED, 260, 26, "")
    assert (done.events, done.posted, done.points) == (1, 1, 26)
    assert bookkeeping.points_of(who.account).available == 26
    day = SceneDay.objects.get()
    assert (day.posted, day.grams, day.points) == (1, 260, 26)
    assert ledger.find_command(bookkeeping.event_key(event.pk)).ok


def test_processing_again_does_nothing(city) -> None:
    city.send(city.event(city.member()[1]["bus"]))
    assert city.process().events == 1
    assert processing.process(now=NOW) == processing.Done()
    assert rehearsal.books() == (26, 26)


def test_a_closed_account_gets_nothing(city) -> None:
    who, tokens = city.member()
    city.send(city.event(tokens["bus"]))
    Member.objects.filter(pk=who.pk).update(closed_at=NOW)
    city.process()
    assert Event.objects.values_list("state", "reason").get() == (STATE.NOTHING, "account_closed")


def test_what_is_paid_in_money_gets_no_points(city) -> None:
    city.send(city.event(city.member()[1]["bus"]))
    Event.objects.update(benefit=Event.Benefit.REWARD)
    city.process()
    assert Event.objects.values_list("state", "reason", "points", "grams").get() == (
        STATE.NOTHING,
        "paid_as_reward",
        0,
        260,
    )


def test_a_trip_that_money_pays_still_covers_the_same_trip(city) -> None:
    _who, tokens = city.member()
    city.send(city.event(tokens["bus"]))
    Event.objects.update(benefit=Event.Benefit.REWARD)
    city.process()
    city.send(city.event(tokens["bike"], scene="bike-ride", minutes=3, km=2, lasts=10), of=city.bike)
    city.process()
    assert Event.objects.order_by("id").last().reason == "trip_overlaps"


def test_a_day_without_a_methodology_in_force_is_refused(city) -> None:
    Scene.objects.filter(code="bus-ride").update(methodology_id="walking")
    city.ride.refresh_from_db()
    city.send(city.event(city.member()[1]["bus"], km=1))
    from dafeng.domains.inclusion.models import MethodologyVersion

    MethodologyVersion.objects.filter(methodology="walking").update(valid_from="2026-11-21")
    city.process()
    assert Event.objects.values_list("state", "reason").get() == (STATE.REFUSED, "methodology_not_in_force")


def test_one_event_that_cannot_be_computed_does_not_stop_the_others(city, monkeypatch) -> None:
    tokens = [city.member()[1]["bus"] for _ in range(5)]
    city.send(*[city.event(token, km=1 + n) for n, token in enumerate(tokens)])
    real = compute.compute

    def breaks(frame):
        if 3.0 in frame["distance"].to_list():
            raise ZeroDivisionError
        return real(frame)

    monkeypatch.setattr(compute, "compute", breaks)
    done = city.process()
    assert (done.posted, done.refused) == (4, 1)
    assert Event.objects.get(state=STATE.REFUSED).reason == "compute_failed"


def test_an_event_whose_points_the_ledger_refuses_is_refused_and_told(city) -> None:
    who, tokens = city.member()
    city.send(city.event(tokens["bus"]), city.event(city.member()[1]["bus"]))
    from dafeng.kernel.ledger import verbs

    account = {"asset": "points", "account": who.account}
    ledger.post(
        [verbs.open_account(key="o", actor="t", **account), verbs.close_account(key="c", actor="t", **account)], now=NOW
    )
    done = city.process()
    assert (done.posted, done.refused) == (1, 1)
    assert Event.objects.order_by("id").first().reason == "ledger_refused"
    # its number stays taken: the key under which it would be paid has been used
    assert city.send(city.event(tokens["bus"])).accepted == 1


def test_who_finds_the_turn_moved_begins_again(city, monkeypatch) -> None:
    city.send(city.event(city.member()[1]["bus"]))
    decide = processing._decide

    def slow(waiting):
        found = decide(waiting)
        store.take_turn(processing.TURN, store.turn(processing.TURN))
        return found

    monkeypatch.setattr(processing, "_decide", slow)
    assert processing.process(now=NOW) == processing.Done(again=True)
    assert Event.objects.get().state == STATE.RECEIVED
    monkeypatch.undo()
    assert city.process().posted == 1


# ---------------------------------------------------------------- review


def held(city):
    who, tokens = city.member()
    Scene.objects.update(monthly_cap=1000)
    city.send(city.event(tokens["bus"], km=60))  # 180 km/h
    city.process()
    return who, Event.objects.get()


def test_a_held_event_is_cleared(city) -> None:
    who, event = held(city)
    purse = bookkeeping.points_of(who.account)
    assert (purse.available, purse.total, event.points) == (0, 312, 312)  # 0.052 × 60 km = 3120 g
    processing.clear(event, by=None, now=NOW)
    assert bookkeeping.points_of(who.account).available == 312
    assert event.state == STATE.POSTED
    assert SceneDay.objects.values_list("posted", "held", "points").get() == (1, 0, 312)
    with pytest.raises(Refused):
        processing.clear(event, by=None, now=NOW)


def test_a_held_event_is_rejected_and_its_cap_is_free_again(city) -> None:
    who, event = held(city)
    assert MonthUse.objects.get().points == 312
    processing.reject(event, by=None, now=NOW, reason="review_rejected")
    assert (event.state, event.reason) == (STATE.REFUSED, "review_rejected")
    assert bookkeeping.points_of(who.account).total == 0
    assert rehearsal.books() == (0, 0)
    assert MonthUse.objects.get().points == 0
    assert SceneDay.objects.values_list("posted", "held", "refused").get() == (0, 0, 1)
    # a rejected event is not mended by sending it again
    assert city.send({"scene": "bus-ride", "id": event.source_id, "member": "x", "at": "", "data": {}}).answers == [
        "number_reused"
    ]


def test_nobody_reviews_their_own_event(city, django_user_model) -> None:
    who, event = held(city)
    user = django_user_model.objects.create_user("clerk")
    Member.objects.filter(pk=who.pk).update(user=user)
    with pytest.raises(Refused) as caught:
        processing.clear(event, by=user, now=NOW)
    assert caught.value.code == "own_event"


# ---------------------------------------------------------------- cut off anywhere


@pytest.mark.django_db(transaction=True)
def test_cut_off_at_each_statement_nothing_is_lost_and_nothing_paid_twice(fresh_ledger, city) -> None:
    """The worker ends at its first statement, then at its second, and so on, until a chunk runs through."""
    Scene.objects.update(monthly_cap=200, daily_cap=100)
    people = [city.member() for _ in range(6)]
    for n in range(3):
        events = [
            city.event(tokens["bus"], minutes=40 * n, device=f"telephone-{at}")
            for at, (_who, tokens) in enumerate(people)
        ]
        events.append(city.event(people[0][1]["bus"], minutes=500 + n, km=60))  # too fast: held
        city.send(*events)
    cuts = 0
    while True:
        try:
            with rehearsal.killed_at(cuts + 1):
                done = processing.process(now=NOW, limit=7)
        except rehearsal.Killed:
            cuts += 1
            of_events, of_ledger = rehearsal.books()
            assert of_events == of_ledger
            continue
        assert done.events == 7
        break
    assert cuts > 15, "the transaction has fewer statements than it was thought to have"
    city.process(limit=7)
    assert not Event.objects.filter(state=STATE.RECEIVED).exists()
    assert rehearsal.books()[0] == rehearsal.books()[1]
    keys = list(Event.objects.exclude(ledger_key="").values_list("ledger_key", flat=True))
    assert len(keys) == len(set(keys)) == Event.objects.filter(points__gt=0).count()
    assert ledger.audit().ok


@pytest.mark.django_db(transaction=True)
def test_intake_cut_off_at_each_statement_answers_the_repeated_delivery_rightly(fresh_ledger, city) -> None:
    _who, tokens = city.member()
    events = [city.event(tokens["bus"], minutes=30 * n) for n in range(5)] + [city.event(tokens["bus"], km=-1)]
    cuts = 0
    while True:
        try:
            with rehearsal.killed_at(cuts + 1):
                receipt = city.send(*events, key="once")
        except rehearsal.Killed:
            cuts += 1
            assert Event.objects.count() in (0, 6)
            continue
        break
    assert cuts > 4
    assert receipt.accepted == 5
    assert city.send(*events, key="once").repeated
    assert Event.objects.count() == 6
