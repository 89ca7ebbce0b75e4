"""Today's calls: silence and runaway load by hand-made days, and what becomes of them in the course of the day and the night."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from dafeng.domains.energy.models import Anomaly
from dafeng.domains.energy.monitoring import detecting
from dafeng.domains.energy.monitoring.methods import today
from dafeng.domains.energy.monitoring.methods.profiles import Profiles

NONE = float("nan")


def days(count: int = 20) -> Any:
    """Hours of 100, and of 102 on every other day: the median is 101, the MAD 1, the highest 102."""
    block = np.full((count, 24), 100.0)
    block[1::2] = 102.0
    return block


def day(*values: float) -> Any:
    return np.array([*values, *[NONE] * (24 - len(values))])


def test_the_limit_of_an_hour_is_the_wider_of_two() -> None:
    """101 + 8 × 1.4826 × 1 = 112.9 against 1.3 × 102 = 132.6."""
    middle, limit = today.usual(days())
    assert middle[5] == 101.0
    assert limit[5] == pytest.approx(132.6)


@pytest.mark.parametrize(
    ("told", "finished", "first"),
    [
        ([100.0] * 6, 9, 6), ([100.0] * 6, 8, None),  # three hours of silence, two
        ([100.0, NONE, NONE, NONE, 100.0], 5, None),  # it speaks again
        ([], 9, None),  # whole days are read at once
    ],
)  # fmt: skip
def test_a_meter_that_fell_silent_today_is_called_after_three_hours(
    told: list[float], finished: int, first: int | None
) -> None:
    found = today.silent(days(), day(*told), finished)
    assert (found.first if found else None) == first
    if found:
        assert (found.last, found.expected) == (9, 303.0)  # 3 × 101


def test_a_meter_that_fell_silent_yesterday_evening_is_called_from_midnight() -> None:
    history = days()
    history[-1, 20:] = NONE
    found = today.silent(history, day(), 3)
    assert found is not None
    assert (found.first, found.last) == (0, 3)


def test_a_meter_that_seldom_speaks_or_is_new_is_not_called() -> None:
    seldom = days()
    seldom[:10, 6:9] = NONE  # half of the days
    assert today.silent(seldom, day(*[100.0] * 6), 9) is None
    assert today.silent(days(13), day(*[100.0] * 6), 9) is None


@pytest.mark.parametrize(
    ("told", "rated", "hours"),
    [([100.0, 132.0], None, None), ([100.0, 133.0], None, (1, 2)), ([140.0, 150.0], None, (0, 2)), ([150.0, 100.0], None, None),
     ([100.0, 121.0], 120.0, (1, 2)), ([100.0, 119.0], 120.0, None)],
)  # fmt: skip
def test_load_far_above_its_hour_or_beyond_its_rating_is_called(
    told: list[float], rated: float | None, hours: tuple[int, int] | None
) -> None:
    found = today.runaway(days(), day(*told), 2, rated=rated)
    assert ((found.first, found.last) if found else None) == hours


def test_a_machine_that_never_ran_has_no_limit_but_its_rating() -> None:
    still = np.zeros((20, 24))
    assert today.runaway(still, day(5.0), 1, rated=None) is None
    assert today.runaway(still, day(5.0), 1, rated=4.0) is not None


TODAY = date(2026, 11, 23)


def noon(hour: int, on: date = TODAY) -> datetime:
    """An hour of the city's clock (UTC+8)."""
    return datetime(on.year, on.month, on.day, tzinfo=UTC) + timedelta(hours=hour - 8)


def test_a_call_grows_while_it_lasts_and_closes_when_the_meter_speaks_again(demo: Any, monkeypatch: Any) -> None:
    firm = demo["textile-demo"]
    meters = [
        each for each in detecting.meters_of(firm, TODAY) if each.role != "reactive" and each.point.kind != "instant"
    ]
    asked: dict[str, Any] = {"today": day(*[100.0] * 6)}

    def profiles(_meters: Any, first: date, last: date) -> Profiles:
        span = tuple(first + timedelta(days=number) for number in range((last - first).days + 1))
        values = np.full((len(meters), len(span), 24), 100.0)
        values[0, -1] = asked["today"]
        return Profiles(tuple(each.pk for each in meters), span, values)

    monkeypatch.setattr(detecting.reading, "profiles_of", profiles)
    assert detecting.watch(firm, now=noon(8)) == 0
    assert detecting.watch(firm, now=noon(9)) == 1
    assert detecting.watch(firm, now=noon(11)) == 0, "one open finding a meter and kind"
    (own,) = detecting.open_today(firm)
    assert (own.meter, own.kind, own.first, own.last) == (meters[0], "silent", noon(6), noon(11))
    asked["today"] = day(*[100.0] * 6, NONE, NONE, NONE, NONE, NONE, 100.0)
    assert detecting.watch(firm, now=noon(12)) == 0
    own.refresh_from_db()
    assert (own.state, own.moves.get().by, own.moves.get().note) == ("solved", None, "已恢复正常")
    judged = {each.kind for each in detecting.precision(Anomaly.objects.all())}
    assert "silent" not in judged, "nobody has judged it"
    asked["today"] = day(*[100.0] * 11, 400.0)
    assert detecting.watch(firm, now=noon(12)) == 1
    assert [each.kind for each in detecting.open_today(firm)] == ["runaway"]


def test_the_night_takes_over_what_was_called_on_a_day_that_is_over(demo: Any) -> None:
    firm = demo["textile-demo"]
    meter = detecting.meters_of(firm, date(2026, 11, 20))[0]
    given = {"enterprise": firm.enterprise, "meter": meter, "family": "point", "score": 1.0, "found_at": noon(12)}
    before = date(2026, 11, 20)
    old = Anomaly.objects.create(kind="silent", first=noon(6, before), last=noon(24, before), **given)
    detecting.detect(firm, now=datetime(2026, 11, 20, 17, 30, tzinfo=UTC))  # half past one on the 21st
    old.refresh_from_db()
    assert (old.state, old.moves.get().note) == ("solved", "当日已过，由夜间识别接管")
