"""Today's calls by hand-made days, silence by the last reading, and what becomes of a call in the course of the day and the night."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from django.utils import timezone

from dafeng.domains.energy.models import Anomaly, Meter, MonitoredFirm
from dafeng.domains.energy.monitoring import detecting, modelling, watching
from dafeng.domains.energy.monitoring.methods import today
from dafeng.domains.energy.monitoring.methods.calendar import span
from dafeng.domains.energy.monitoring.methods.profiles import Profiles
from dafeng.kernel.series import ingest
from dafeng.kernel.series import services as series
from dafeng.kernel.series.models import Point

NONE = float("nan")
TODAY = date(2026, 11, 23)  # a Monday
USUAL = 100.0 + np.arange(24)
"""Hour 0 uses 100, hour 1 uses 101 …: 111.5 in the mean. The floor of every spread is 0.04 × 111.5 = 4.46, seven of them 31.22."""


def block(*told: float, before: Any = USUAL, count: int = 20) -> Profiles:
    values = np.concatenate([np.tile(before, (count, 1)), [[*told, *[NONE] * (24 - len(told))]]])
    return Profiles((1,), tuple(span(TODAY - timedelta(days=count), TODAY)), values[None])


def calls(*told: float, rated: float | None = None, **more: Any) -> dict[str, tuple[int, int]]:
    found = today.judge(block(*told, **more), rated=None if rated is None else np.array([rated]))
    return {each.kind: (each.first, each.last) for each in found.calls(0, -1, len(told))}


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ([100.0, 101.0, 102.0], {}),
        ([100.0, 132.2], {}), ([100.0, 132.3], {"runaway": (1, 2)}),  # 101 + 31.22 = 132.22
        ([132.0, 140.0, 102.0], {}),  # no longer, and (132 + 140 + 102) / 3 − 101 = 23.67 is below 31.22
        ([133.0, 140.0], {"runaway": (0, 2)}),
        ([131.0, 132.0, 133.0, 134.0], {}), ([131.3, 132.2, 133.2, 134.2], {"amiss": (0, 4)}),  # 31 and 31.225 above in the mean
        ([68.0, 69.0], {}), ([68.0, 69.0, 70.0], {"amiss": (0, 3)}),  # 32 below, judged from the third hour on
        ([100.0, 101.0, 101.0, 101.0, 101.0], {}), ([100.0, 101.0, 101.0, 101.0, 101.0, 101.0], {"stuck": (2, 6)}),
        ([0.0, 0.0], {}), ([0.0, 0.0, 0.0], {"still": (0, 3)}), ([100.0, 0.0, 0.0, 0.0], {"still": (1, 4)}),
        ([100.0, -1.0], {"reversed": (1, 2)}), ([-1.0, 101.0], {}),
    ],
)  # fmt: skip
def test_what_is_called_when_the_last_of_these_hours_is_over(
    told: list[float], found: dict[str, tuple[int, int]]
) -> None:
    assert calls(*told) == found


def test_a_call_tells_what_was_used_expected_and_too_much() -> None:
    (found,) = today.judge(block(133.0, 140.0)).calls(0, -1, 2)
    assert (found.actual, found.expected, found.limit) == (273.0, 201.0, pytest.approx(201.0 + 2 * 31.22))
    assert found.score == pytest.approx(140.0 / 132.22)


def test_what_a_meter_is_rated_for_bounds_it_from_its_first_day_and_also_when_it_never_ran() -> None:
    assert calls(100.0, 121.0, rated=120.0) == {"runaway": (1, 2)}
    assert calls(100.0, 119.0, rated=120.0) == {}
    assert calls(100.0, 500.0, count=13) == {}, "thirteen stored days say nothing yet"
    assert calls(100.0, 121.0, count=13, rated=120.0) == {"runaway": (1, 2)}
    assert calls(5.0, before=np.zeros(24)) == {}
    assert calls(5.0, before=np.zeros(24), rated=4.0) == {"runaway": (0, 1)}


def test_what_usually_happens_is_no_fault() -> None:
    """A meter that shows 100 all day stands still usually (23 hours in a row); one that rests until six rests today, too."""
    assert calls(*[100.0] * 20, before=np.full(24, 100.0)) == {}
    rests = np.where(np.arange(24) < 6, 0.0, USUAL)
    assert calls(*[0.0] * 6, before=rests) == {}
    assert calls(*[0.0] * 11, before=rests) == {"still": (7, 11)}, "11 − 1.2 × 6 = 3.8 hours beyond the usual"


def test_the_last_reading_may_be_three_periods_old_and_three_hours_at_least() -> None:
    assert today.silent_after(timedelta(minutes=15)) == timedelta(hours=3)
    assert today.silent_after(timedelta(hours=2)) == timedelta(hours=6)
    assert today.silent_after(timedelta(days=1)) == timedelta(days=3)
    assert today.silent_after(timedelta(hours=1), timedelta(hours=22)) == timedelta(hours=25)


def at(hour: float, on: date = TODAY) -> datetime:
    """An hour of the city's clock (UTC+8)."""
    return datetime(on.year, on.month, on.day, tzinfo=UTC) + timedelta(hours=hour - 8)


@pytest.fixture
def firm(demo: Any) -> MonitoredFirm:
    """A firm that is watched like a real one."""
    found: MonitoredFirm = demo["textile-demo"]
    found.demo = False
    found.save()
    return found


@pytest.fixture
def meter(firm: MonitoredFirm) -> Any:
    """A new meter with hourly readings until an hour of `TODAY`, each arriving at once, or when its day is over."""

    def make(until: float, *, daily: bool = False) -> Meter:
        of = firm.enterprise
        point = series.ensure_point(
            f"new-{until}-{daily}", subject=of.subject, organisation=of.organisation, place=of.place, name="新表", quantity="electricity",
            unit="kWh", kind=Point.Kind.INTERVAL, period=3600, since=at(-24 * 40),
        )  # fmt: skip
        node = of.energy_nodes.get(code="rest")
        made = modelling.bind(node, point, item="electricity", by=None, now=at(0))
        ends = [at(hour) for hour in np.arange(-24 * 20 + 1, until + 1)]
        arrived = [end if not daily else at(24 * np.ceil((end - at(0)) / timedelta(days=1)) + 0.5) for end in ends]
        values = [float(USUAL[number % 24]) for number in range(len(ends))]
        types = {"at": pl.Datetime("us", "UTC"), "arrived": pl.Datetime("us", "UTC")}
        frame = pl.DataFrame({"point": [point.pk] * len(ends), "at": ends, "arrived": arrived, "value": values}, schema_overrides=types)  # fmt: skip
        ingest.receive(frame, source="simulated", key=point.code, now=max(arrived), owner="test")
        return made

    return make


def silences(firm: MonitoredFirm, meter: Meter) -> list[Anomaly]:
    return list(detecting.open_today(firm).filter(meter=meter, kind="silent"))


def test_a_meter_is_called_by_the_time_of_its_last_reading_at_midnight_as_at_any_hour(
    firm: MonitoredFirm, meter: Any
) -> None:
    """Three hours after it; a meter that sends whole days half an hour after midnight is late by 22.5 hours usually (of 0.5, 1.5 … 23.5
    the nearest to 95 %), and is called when the next day has not come 25.5 hours after its last reading."""
    midnight, morning, evening = meter(0.0), meter(6.0), meter(-2.0)
    long_ago, whole_days = meter(-30.0), meter(0.0, daily=True)
    called: dict[int, int] = {}
    for hour in range(1, 29):
        watching.watch(firm, now=at(hour + 0.1))
        for each in (midnight, morning, evening, long_ago, whole_days):
            if silences(firm, each):
                called.setdefault(each.pk, hour)
    assert called == {evening.pk: 1, midnight.pk: 3, morning.pk: 9, whole_days.pk: 26}
    assert long_ago.pk in watching.fallen_silent([long_ago], now=at(1)), "the board shows it; the night has told it"
    assert watching.fallen_silent([midnight, whole_days], now=at(3)) == {midnight.pk: at(0)}
    (found,) = silences(firm, midnight)
    assert (found.first, found.last) == (at(0), at(28)), "still silent on the next day, and still one finding"
    (found,) = silences(firm, evening)
    assert found.first == at(-2)


def test_the_board_says_which_meter_has_not_spoken_for_long(
    client: Any, person: Any, firm: Any, meter: Any, monkeypatch: Any
) -> None:
    meter(0.0)
    monkeypatch.setattr(timezone, "now", lambda: at(2.8))
    client.force_login(person("ndrc"))
    address = "/energy/monitoring/textile-demo/now/"
    for hour, late in ((2.9, 0), (3.1, 1)):
        monkeypatch.setattr(timezone, "now", lambda hour=hour: at(hour))
        (row,) = [each for each in client.get(address).content.decode().split("<tr>") if "新表" in each]
        assert row.count("久未上报") == late


def test_made_up_meters_end_where_they_were_made_and_are_not_called_silent(demo: Any) -> None:
    firm = demo["textile-demo"]
    watching.watch(firm, now=datetime(2026, 11, 21, 12, 0, tzinfo=UTC))
    assert not detecting.open_today(firm).filter(kind="silent").exists()


def test_a_call_grows_while_it_lasts_closes_when_it_is_over_and_opens_again(
    firm: MonitoredFirm, monkeypatch: Any
) -> None:
    meters = [
        each for each in detecting.meters_of(firm, TODAY) if each.role != "reactive" and each.point.kind != "instant"
    ]
    asked: dict[str, Any] = {}

    def profiles(_meters: Any, first: date, last: date) -> Profiles:
        days = tuple(span(first, last))
        values = np.tile(USUAL, (len(meters), len(days), 1))
        values[0, -1] = [*asked["today"], *[NONE] * (24 - len(asked["today"]))]
        return Profiles(tuple(each.pk for each in meters), days, values)

    monkeypatch.setattr(watching.reading, "profiles_of", profiles)
    monkeypatch.setattr(watching, "fallen_silent", lambda _meters, *, now: asked.get("silent", {}))

    def watched(*told: float) -> int:
        asked["today"] = told
        return watching.watch(firm, now=at(len(told)))

    ten = [*USUAL[:10]]
    assert watched(*ten, 0.0, 0.0) == 0
    assert watched(*ten, 0.0, 0.0, 0.0) == 1
    assert watched(*ten, 0.0, 0.0, 0.0, 0.0, 0.0) == 0, "one open finding a meter and kind"
    (own,) = detecting.open_today(firm)
    assert (own.meter, own.kind, own.first, own.last) == (meters[0], "still", at(10), at(15))
    # 1045 of ten hours and 115 are 72.5 an hour, 35 below the usual 107.5
    assert watched(*ten, 0.0, 0.0, 0.0, 0.0, 0.0, 115.0) == 1, "running again; the day so far is too low"
    own.refresh_from_db()
    assert (own.state, own.moves.get().by, own.moves.get().note) == ("solved", None, "已恢复正常")
    (low,) = detecting.open_today(firm)
    assert low.kind == "amiss"
    asked["silent"] = {meters[0].pk: at(16)}
    watched(*ten, 0.0, 0.0, 0.0, 0.0, 0.0, 115.0, NONE, NONE, NONE)
    assert {each.kind for each in detecting.open_today(firm)} == {"amiss", "silent"}, "a silent meter is not well again"
    asked["silent"] = {}
    watched(*USUAL[:20])
    assert not detecting.open_today(firm).exists()
    assert watched(*ten, 0.0, 0.0, 0.0, 0.0, 0.0, 115.0) == 0
    low.refresh_from_db()
    assert (low.state, low.moves.last().note) == ("new", "再次出现")
    judged = {each.kind: each for each in detecting.precision(Anomaly.objects.all())}
    assert "still" not in judged, "nobody has judged it"
    assert judged["amiss"].waiting == 1


def test_the_night_takes_over_what_was_called_on_a_day_that_is_over(demo: Any) -> None:
    firm = demo["textile-demo"]
    meter = detecting.meters_of(firm, date(2026, 11, 20))[0]
    given = {"enterprise": firm.enterprise, "meter": meter, "family": "point", "score": 1.0, "found_at": at(12)}
    before = date(2026, 11, 20)
    old = Anomaly.objects.create(kind="silent", first=at(6, before), last=at(24, before), **given)
    detecting.detect(firm, now=datetime(2026, 11, 20, 17, 30, tzinfo=UTC))  # half past one on the 21st
    old.refresh_from_db()
    assert (old.state, old.moves.get().note) == ("solved", "当日已过，由夜间识别接管")
