"""Caps by hand."""

from __future__ import annotations

from datetime import date

import polars as pl

from dafeng.domains.inclusion.models import Event, MonthUse, Scene
from dafeng.domains.inclusion.scenes import caps, processing
from tests.domains.inclusion.scenes.world import NOW


def capped(
    points: list[int], *, event: int = 0, day: int = 0, month: int = 0, used: int = 0, month_used: int = 0
) -> tuple[list[int], list[str]]:
    events = pl.DataFrame(
        {
            "member": 1, "scene": 1, "day": date(2026, 11, 20), "month": "2026-11", "points": points, "event_cap": event,
            "daily_cap": day, "monthly_cap": month,
        }
    ).cast({"points": pl.Int64})  # fmt: skip
    day_use = pl.DataFrame({"member": [1], "scene": [1], "day": [date(2026, 11, 20)], "used": [used]})
    month_use = pl.DataFrame({"member": [1], "scene": [1], "month": ["2026-11"], "used": [month_used]})
    found = caps.capped(events, day_use, month_use)
    return found["points"].to_list(), found["cap"].to_list()


def test_no_cap_leaves_all() -> None:
    assert capped([26, 0, 500]) == ([26, 0, 500], ["", "", ""])


def test_the_events_cap_cuts_each() -> None:
    assert capped([26, 10], event=20) == ([20, 10], ["cap_event", ""])


def test_the_day_fills_up_in_the_order_of_numbers() -> None:
    # 100 a day, 30 used: 70 left; 26 + 26 fit, 18 of the third, nothing of the fourth
    assert capped([26, 26, 26, 26], day=100, used=30) == ([26, 26, 18, 0], ["", "", "cap_day", "cap_day"])


def test_the_month_cuts_what_the_day_leaves() -> None:
    # the day gives 40 and 20; of the month 45 are left: 40 and 5
    assert capped([40, 40], day=60, month=1000, month_used=955) == ([40, 5], ["", "cap_month"])


def test_more_used_than_allowed_gives_nothing() -> None:
    assert capped([10], day=50, used=80) == ([0], ["cap_day"])


def test_members_scenes_and_days_have_caps_of_their_own(city) -> None:
    Scene.objects.update(daily_cap=30)
    (one, first), (_two, second) = city.member(), city.member()
    city.send(city.event(first["bus"]), city.event(first["bus"], minutes=60), city.event(second["bus"]))
    city.send(city.event(first["bike"], scene="bike-ride", minutes=200, km=2), of=city.bike)
    city.send({**city.event(first["bus"]), "at": "2026-11-19T02:00:00+00:00", "until": "2026-11-19T02:20:00+00:00"})
    city.process()
    # a bus ride of 5 km is 260 g, 26 points; (0.104 − 0.0087) × 2 km = 190.6 g, 19 points
    assert list(Event.objects.order_by("id").values_list("points", "reason")) == [
        (26, ""),
        (4, "cap_day"),
        (26, ""),
        (19, ""),
        (26, ""),
    ]
    assert one.pk == Event.objects.order_by("id")[0].member_id


def test_chunks_of_one_give_what_one_chunk_gives(city) -> None:
    Scene.objects.update(daily_cap=60, monthly_cap=70)
    _who, tokens = city.member()
    for back in (0, 1):
        for n in range(4):
            event = city.event(tokens["bus"], minutes=60 * n - 1440 * back)
            city.send(event)
    city.process(limit=1)
    # 26 + 26 + 8 on the first day sent, then 10 left of the month
    assert list(Event.objects.order_by("id").values_list("points", flat=True)) == [26, 26, 8, 0, 10, 0, 0, 0]
    assert MonthUse.objects.get().points == 70


def test_what_is_over_the_cap_is_reduced_but_not_paid(city) -> None:
    Scene.objects.update(daily_cap=26)
    _who, tokens = city.member()
    city.send(city.event(tokens["bus"]), city.event(tokens["bus"], minutes=60))
    done = processing.process_all(now=NOW)
    late = Event.objects.order_by("id").last()
    assert (done.posted, done.nothing) == (1, 1)
    assert (late.state, late.grams, late.points, late.reason) == (Event.State.NOTHING, 260, 0, "cap_day")
