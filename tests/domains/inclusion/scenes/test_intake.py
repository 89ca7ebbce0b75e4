"""Intake: each event judged once, whatever is sent and however often; issue 5 §3."""

from __future__ import annotations

import json
import math
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dafeng.domains.inclusion.errors import Refused
from dafeng.domains.inclusion.members import consents
from dafeng.domains.inclusion.models import Batch, Event, Member, Partner, Refusal, Scene
from dafeng.domains.inclusion.scenes import intake, words
from tests.domains.inclusion.scenes.world import NOW


@pytest.fixture
def token(city) -> str:
    return city.member()[1]["bus"]


def reason(city, event: Any, **named: Any) -> str:
    receipt = city.send(event, **named)
    assert (receipt.accepted, len(receipt.faults)) == (0, 1)
    return receipt.faults[0].reason


def code_of(call: Any) -> str:
    with pytest.raises(Refused) as caught:
        call()
    return caught.value.code


def test_every_answer_stands_at_its_place(city, token) -> None:
    good, bad = city.event(token), city.event(token, km=-1)
    receipt = city.send(good, bad, good, 7, city.event("nobody"))
    assert receipt.answers == ["accepted", "quantity_negative", "again", "event_malformed", "member_unknown"]
    assert [(each.index, each.id, each.field) for each in receipt.faults] == [
        (1, bad["id"], "distance"),
        (3, "", ""),
        (4, "e3", "member"),
    ]


def test_the_same_batch_again_gets_its_first_answer_and_another_body_is_refused(city, token) -> None:
    events = [city.event(token), city.event(token, km=-1)]
    first = city.send(*events, key="k")
    again = city.send(*events, key="k", now=NOW + timedelta(days=100))  # long after the events are too old to be new
    assert again.repeated
    assert (again.answers, again.batch) == (first.answers, first.batch)
    assert code_of(lambda: city.send(events[0], key="k")) == "batch_changed"
    assert Event.objects.count() == 2


def test_spacing_and_order_of_names_are_not_content(city, token) -> None:
    event = city.event(token)
    city.send(event, key="k")
    turned = json.loads(json.dumps(dict(reversed(event.items())), indent=3))
    assert city.send(turned, key="k").repeated


def test_the_same_event_in_another_batch_is_known_and_other_content_under_its_number_is_refused(city, token) -> None:
    event = city.event(token)
    assert city.send(event).answers == ["accepted"]
    assert city.send(event).answers == ["again"]
    assert reason(city, {**event, "data": {"distance": 6}}) == "number_reused"
    assert Event.objects.get().data == {"distance": 5.0}


def test_a_refused_event_may_be_mended_under_its_number(city, token) -> None:
    event = city.event(token, km=-5)
    assert reason(city, event) == "quantity_negative"
    row = Event.objects.get()
    assert (row.state, row.reason, row.member) == (Event.State.REFUSED, "quantity_negative", None)
    assert reason(city, event) == "quantity_negative"
    assert city.send({**event, "data": {"distance": 5}}).answers == ["accepted"]
    mended = Event.objects.get()
    assert (mended.pk, mended.state, mended.reason) == (row.pk, Event.State.RECEIVED, "")
    assert city.process().posted == 1


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"scene": "nothing"}, "scene_unknown"),
        ({"scene": None}, "field_missing"),
        ({"scene": ["bus-ride"]}, "scene_unknown"),
        ({"id": None}, "field_missing"),
        ({"id": 7}, "field_malformed"),
        ({"id": "x" * 65}, "field_malformed"),
        ({"member": None}, "field_missing"),
        ({"member": "nobody"}, "member_unknown"),
        ({"at": None}, "field_missing"),
        ({"at": "2026-11-20T08:00:00"}, "field_malformed"),
        ({"at": "2026-11-20T12:05:01+00:00"}, "clock_ahead"),
        ({"at": "9999-12-31T23:59:59-23:59"}, "field_malformed"),
        ({"at": "2026-10-06T11:59:59+00:00"}, "too_old"),
        ({"until": "2026-11-19T23:59:59+00:00"}, "field_out_of_range"),
        ({"until": "2026-11-20T12:05:01+00:00"}, "clock_ahead"),
        ({"from": [114.1]}, "field_malformed"),
        ({"to": [200, 0]}, "field_malformed"),
        ({"from": [True, 1]}, "field_malformed"),
        ({"from": [math.nan, 32]}, "field_malformed"),
        ({"device": "short"}, "field_malformed"),
        ({"data": {}}, "field_missing"),
        ({"data": None}, "field_missing"),
        ({"data": []}, "field_malformed"),
        ({"data": {"distance": "5"}}, "field_malformed"),
        ({"data": {"distance": True}}, "field_malformed"),
        ({"data": {"distance": math.inf}}, "field_malformed"),
        ({"data": {"distance": math.nan}}, "field_malformed"),
        ({"data": {"distance": 10**400}}, "field_malformed"),
        ({"data": {"distance": -0.5}}, "quantity_negative"),
        ({"data": {"distance": 1e6}}, "field_out_of_range"),
        ({"data": {"distance": 5, "speed": 9}}, "field_unknown"),
        ({"colour": "green"}, "field_unknown"),
        ({"device": "x" * 5000}, "event_malformed"),
    ],
)
def test_what_is_wrong_is_refused_with_its_reason_and_kept(city, token, change: dict[str, Any], expected: str) -> None:
    assert reason(city, {**city.event(token), **change}) == expected
    assert Batch.objects.get().faults[0][2] == expected
    assert city.process().posted == 0
    assert expected in words.reasons()


def test_the_edges_of_time_are_taken(city, token) -> None:
    for at in ("2026-11-20T12:05:00+00:00", "2026-10-06T12:00:00+00:00"):
        event = {**city.event(token), "at": at}
        del event["until"]
        assert city.send(event).accepted == 1


def test_a_scene_is_closed_or_not_on_this_channel(city, token) -> None:
    assert reason(city, city.event(token), channel="self") == "scene_inactive"
    Scene.objects.update(active=False)
    assert reason(city, city.event(token)) == "scene_inactive"


def test_another_partners_scene_and_another_partners_token_are_unknown(city) -> None:
    _who, tokens = city.member()
    assert reason(city, city.event(tokens["bike"], scene="bike-ride"), of=city.bus) == "scene_unknown"
    assert reason(city, city.event(tokens["bike"])) == "member_unknown"


def test_consent_suspension_and_closing_are_told_apart(city) -> None:
    who, tokens = city.member()
    consents.withdraw(who, consents.scene_purpose(city.bus), now=NOW)
    assert reason(city, city.event(tokens["bus"])) == "consent_missing"
    other, tokens = city.member()
    Member.objects.filter(pk=other.pk).update(suspended_at=NOW)
    assert reason(city, city.event(tokens["bus"])) == "account_suspended"
    Member.objects.filter(pk=other.pk).update(closed_at=NOW)
    assert reason(city, city.event(tokens["bus"])) == "member_unknown"


def test_a_scenes_own_limits_narrow_those_of_the_methodology(city, token) -> None:
    Scene.objects.filter(code="bus-ride").update(limits={"distance": [1, 40]})
    assert reason(city, city.event(token, km=41)) == "field_out_of_range"
    assert city.send(city.event(token, km=40)).accepted == 1


def test_whole_deliveries_are_refused(city, token) -> None:
    assert code_of(lambda: city.send(*[1] * 10_001)) == "batch_too_big"
    assert code_of(lambda: city.send(key="a b")) == "batch_key_malformed"
    Partner.objects.filter(pk=city.bus.pk).update(state=Partner.State.SUSPENDED)
    city.bus.refresh_from_db()
    assert code_of(lambda: city.send(city.event(token))) == "partner_suspended"


def test_a_single_event_without_a_row_is_kept_as_a_refusal(city, token) -> None:
    for _ in range(2):
        intake.receive(city.bus, [{**city.event(token), "scene": "nothing", "id": "x"}], key="", channel="api", now=NOW)
    refusal = Refusal.objects.get()
    assert (refusal.reason, refusal.source_id, refusal.count) == ("scene_unknown", "x", 2)
    assert not Batch.objects.exists()


def test_a_preview_writes_nothing(city, token) -> None:
    found = intake.preview(city.bus, [city.event(token), city.event(token, km=-1)], channel="csv", now=NOW)
    assert (found.accepted, len(found.faults)) == (1, 1)
    assert not Event.objects.exists()


def test_places_are_kept_coarse_and_devices_as_hashes(city, token) -> None:
    city.send(city.event(token, **{"from": [114.0789, 32.1299], "to": [114.1, 32.1], "device": "phone-12345"}))
    event = Event.objects.get()
    assert (event.from_x, event.from_y, event.to_x, event.to_y) == (11407, 3212, 11410, 3210)
    assert len(event.device) == 32
    assert "phone" not in event.device


def test_ten_thousand_events_need_no_more_questions_than_one(city, token, django_assert_max_num_queries) -> None:
    with django_assert_max_num_queries(12):
        city.send(*[city.event(token, minutes=n / 100) for n in range(2_000)])


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_junk_breaks_intake(city, data: Any) -> None:
    """Whatever JSON comes, each event gets an answer with a known word, and what is stored can be read back."""
    names = ("scene", "id", "member", "at", "until", "from", "to", "device", "data", "more")
    good = {"scene": "bus-ride", "id": "fuzz", "member": "T", "at": NOW.isoformat(), "data": {"distance": 5}}
    changed = data.draw(st.dictionaries(st.sampled_from(names), JUNK, max_size=4))
    event = data.draw(st.just({**good, **changed}) | JUNK)
    try:
        sent = json.loads(json.dumps([event, {**good, **changed, "id": "fuzz2"}]))
    except (ValueError, RecursionError):
        return
    receipt = city.send(*sent)
    assert len(receipt.answers) == 2
    assert all(word in ("accepted", "again") or word in words.reasons() for word in receipt.answers)
    assert all(json.dumps(row) for row in Event.objects.values_list("data", flat=True))
