"""Clocks that jumped and meters that count too fast: what is flagged, what waits, and that late deliveries are left alone."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

import polars as pl
import pytest

from dafeng.kernel.series import flags, quarantine, queries, services
from dafeng.kernel.series.models import Quarantine
from tests.kernel.series.conftest import DAY, LATER, MINUTES, rows

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
DOUBT = flags.OFF_GRID


@pytest.fixture
def live(point, send) -> Callable[..., object]:
    """A meter `m` and what its collector tells: each reading alone, a second after its true moment, by a clock that is `fast`."""
    device, _secret = services.make_device("gw", "采集器", by=None, now=LATER)

    def tell(
        m, values, *, start: datetime, fast: timedelta = timedelta(0), step: timedelta = MINUTES
    ) -> list[tuple[int, int, int, int]]:
        found = []
        for place, value in enumerate(values):
            true = start + place * step
            got = send(rows(m, [value], start=true + fast), device=device, now=true + timedelta(seconds=1))
            found.append((got.accepted, got.again, got.revised, got.refused))
        return found

    tell.device = device  # type: ignore[attr-defined]
    return tell


def _flags(m) -> list[int]:
    return queries.readings([m], DAY, DAY + timedelta(days=1))["flag"].to_list()


def _held() -> list[tuple[str, int]]:
    return sorted(Quarantine.objects.values_list("reason", "count"))


def test_a_register_whose_clock_was_set_back_an_hour_waits_and_is_right_once_the_fact_is_stated(live, point) -> None:
    """It counts 1 kWh a quarter: at 2:00 it stands at 108. From 2:15 on its clock says 1:15, so 109 is told of 1:15, where 105 stands."""
    m = point(device=live.device)
    live(m, range(100, 109), start=DAY)
    back = live(m, range(109, 115), start=DAY + 9 * MINUTES, fast=-HOUR)
    # 1:15, 1:30, 1:45 and 2:00 are told anew; 2:15 and 2:30 are new, and their time is in doubt.
    assert back == [(0, 0, 0, 1)] * 6
    assert _held() == [("clock_back", 1)] * 6
    services.state_fact(m, "clock", -3600, DAY + HOUR + MINUTES, now=LATER)
    for held in Quarantine.objects.order_by("pk"):
        quarantine.release(held, by=None, now=LATER)
    assert queries.readings([m], DAY, DAY + 15 * MINUTES)["value"].to_list() == [100.0 + n for n in range(15)]
    assert not any(_flags(m))
    assert live(m, [115], start=DAY + 15 * MINUTES, fast=-HOUR) == [(1, 0, 0, 0)]
    assert queries.readings([m], DAY + 15 * MINUTES, DAY + 16 * MINUTES)["flag"].to_list() == [0], "set right, no doubt"


def test_an_interval_told_anew_waits_from_the_second_on(live, point) -> None:
    """The first may be a correction; when a newer reading has been missing for half a period, it is the clock."""
    m = point(kind="interval", device=live.device)
    live(m, [1, 2, 3, 4, 5, 6], start=DAY + MINUTES)
    back = live(m, [7, 8, 9], start=DAY + 7 * MINUTES, fast=-HOUR)
    assert back == [(0, 0, 1, 0), (0, 0, 0, 1), (0, 0, 0, 1)]
    assert _held() == [("clock_back", 1)] * 2


def test_a_clock_that_is_fast_tells_of_the_future(live, point) -> None:
    m = point(device=live.device)
    assert live(m, [100, 101], start=DAY, fast=HOUR) == [(0, 0, 0, 1)] * 2
    assert _held() == [("future", 1)] * 2


def test_the_fact_clock_sets_right_what_arrives(point, send) -> None:
    """A clock 360 s fast tells 0:21 of what was at 0:15."""
    m = point()
    services.state_fact(m, "clock", 360, DAY, now=LATER)
    send(rows(m, [5.0], start=DAY + MINUTES + timedelta(minutes=6)))
    assert queries.readings([m], DAY, DAY + HOUR)["at"].to_list() == [DAY + MINUTES]


def test_a_jump_within_the_period_is_flagged_from_its_first_reading_on(live, point) -> None:
    six = timedelta(minutes=6)
    m, n = point(device=live.device), point("m2", kind="interval", device=live.device)
    live(m, range(100, 104), start=DAY)
    live(m, range(104, 107), start=DAY + 4 * MINUTES, fast=-six)
    assert _flags(m) == [0] * 4 + [DOUBT] * 3
    live(m, [107, 108], start=DAY + 8 * MINUTES)
    assert _flags(m)[-2:] == [0, 0], "the clock is right again"
    live(n, [1, 1], start=DAY + MINUTES)
    live(n, [1, 1], start=DAY + 3 * MINUTES, fast=-six)
    assert _flags(n) == [0, 0, DOUBT, DOUBT]


def test_meters_that_never_kept_their_period_or_drift_are_left_alone(live, point) -> None:
    odd = point("odd", device=live.device)
    live(odd, range(6), start=DAY + timedelta(minutes=4))
    drifting = point("drifting", device=live.device)
    live(drifting, range(30), start=DAY, step=timedelta(seconds=910))
    assert _flags(odd) == [0] * 6
    assert _flags(drifting) == [0] * 30


@pytest.mark.parametrize("kind", ["register", "interval", "instant"])
def test_late_backfilled_repeated_and_out_of_order_deliveries_are_no_jump(point, send, kind: str) -> None:
    """A collector that was cut off: live, silence, one new reading, then the backlog in pieces, backwards, and all of it twice."""
    device, _secret = services.make_device("gw", "采集器", by=None, now=LATER)
    m = point(kind=kind, device=device, digits=6)
    every = rows(
        m,
        [999_990.0 + n if n < 10 else n - 10.0 for n in range(40)]
        if kind == "register"
        else [float(n % 7) for n in range(40)],
    )
    end = DAY + 40 * MINUTES

    def tell(frame: pl.DataFrame, when: datetime) -> int:
        return send(frame, device=device, now=when).refused

    refused = [tell(every[:4], DAY + 4 * MINUTES), tell(every[30:31], end)]
    for place, part in enumerate((every[20:30], every[12:20], every[4:12], every[31:], every, every[::-1])):
        refused.append(tell(part, end + place * timedelta(minutes=20)))
    assert refused == [0] * 8
    assert queries.readings([m], DAY, end).height == 40
    assert not any(each & DOUBT for each in _flags(m))


def test_a_correction_from_the_device_beside_its_newer_readings_counts(live, send, point) -> None:
    m = point(kind="interval", device=live.device)
    live(m, [1, 2, 3], start=DAY + MINUTES)
    both = pl.concat([rows(m, [9.0], start=DAY + MINUTES), rows(m, [4.0], start=DAY + 4 * MINUTES)])
    got = send(both, device=live.device, now=DAY + 4 * MINUTES + timedelta(seconds=1))
    assert (got.accepted, got.revised, got.refused) == (1, 1, 0)


def test_a_register_over_its_rating_is_flagged_by_its_difference_over_time(point, send) -> None:
    """Rated 100 kWh an hour: 30 kWh a quarter are 1.2 times that and may be, 31 may not; in two hours 200 are nothing odd."""
    m = point(rated=100.0)
    send(rows(m, [1000.5, 1030.5, 1061.6]))
    send(rows(m, [1261.6], start=DAY + 2 * MINUTES + 2 * HOUR))
    assert _flags(m) == [0, 0, flags.OVER_RATED, 0]
    services.state_fact(m, "rated", 200.0, DAY + 12 * HOUR, now=LATER)
    send(rows(m, [2000.5, 2050.5], start=DAY + 13 * HOUR))
    assert _flags(m)[-2:] == [0, 0], "50 kWh a quarter is 200 an hour, rated so by then"


def test_the_last_figure_of_a_coarse_register_is_not_held_against_it(point, send) -> None:
    """One figure is 40 kWh: from one quarter to the next it turns once, which would be 160 an hour."""
    m = point(rated=100.0, multiplier=40.0)
    send(rows(m, [7, 8, 8, 10]))
    assert _flags(m) == [0, 0, 0, flags.OVER_RATED], "two figures in a quarter are 80 kWh, more than 30 and one figure"


def test_intervals_and_moments_over_their_rating_are_flagged(point, send) -> None:
    m, p = point("i", kind="interval", rated=100.0), point("p", kind="instant", unit="kW", rated=100.0)
    send(rows(m, [30.0, 31.0]))
    send(rows(p, [120.0, -121.0]))
    assert _flags(m) == [0, flags.OVER_RATED]
    assert _flags(p) == [0, flags.OVER_RATED]


@pytest.mark.parametrize("seed", range(5))
def test_a_forward_jump_delivered_late_is_flagged_and_an_outage_is_not(point, send, seed: int) -> None:
    """It counts 8 to 12 kWh a quarter. Meters `jump` and `out` are cut off and tell a day later what they kept, in one delivery.

    The clock of `jump` goes five hours ahead after ten readings, so that the eleventh, a quarter later, is told of five hours and a
    quarter later; `out` kept nothing for five hours, in which it counted on: 21 quarters of use. Both are sent twice, in two pieces as well.
    """
    device, _secret = services.make_device("gw", "采集器", by=None, now=LATER)
    use = random.Random(seed)
    stands = [1000.0]
    for _n in range(60):
        stands.append(stands[-1] + use.uniform(8, 12))
    jump, out, piece = (point(code, device=device) for code in ("jump", "out", "piece"))
    ahead = 5 * HOUR
    before, behind = rows(jump, stands[:10]), rows(jump, stands[10:30], start=DAY + 10 * MINUTES + ahead)
    both = pl.concat(
        [before, behind, rows(out, stands[:10]), rows(out, stands[30:50], start=DAY + 10 * MINUTES + ahead)]
    )
    for _twice in range(2):
        assert send(both, device=device, now=DAY + timedelta(days=1)).refused == 0
    assert _flags(jump) == [0] * 10 + [DOUBT] + [0] * 19
    assert _flags(out) == [0] * 30
    # In two pieces, cut at the jump: the stored reading before it is known.
    send(before.with_columns(point=pl.lit("piece")), device=device, now=DAY + timedelta(days=1))
    send(behind.with_columns(point=pl.lit("piece")), device=device, now=DAY + timedelta(days=1))
    assert _flags(piece) == [0] * 10 + [DOUBT] + [0] * 19
    steps = queries.used([jump], DAY, DAY + timedelta(days=1), "1d")
    assert steps["value"].item() == pytest.approx(stands[29] - stands[0]), "flagged, not lost"


@pytest.mark.parametrize("values", [
    [*range(100, 106), *range(105, 111)],  # nothing counted across the gap: no power
    [*range(100, 106), *range(125, 131)],  # 20 quarters of use across 21: an outage of the line only
    [100.0] * 6 + [101.0] * 6,  # it stands still on both sides: nothing says what is usual
    [100.0, 101.0, 102.0],  # too few around
])  # fmt: skip
def test_a_gap_without_evidence_of_a_jump_stays_a_gap(point, send, values: list[float]) -> None:
    device, _secret = services.make_device("gw", "采集器", by=None, now=LATER)
    m, half = point(device=device), len(values) // 2
    gone = rows(m, values[half:], start=DAY + half * MINUTES + 5 * HOUR)
    send(pl.concat([rows(m, values[:half]), gone]), device=device, now=DAY + timedelta(days=1))
    assert not any(_flags(m))


def test_a_late_forward_jump_waits_once_the_clock_is_right_again(point, send) -> None:
    """Ten readings, ten more told five hours ahead, then the clock is right: what is told of the hours between stands above what is stored."""
    device, _secret = services.make_device("gw", "采集器", by=None, now=LATER)
    m = point(device=device)
    late = pl.concat([rows(m, range(100, 110)), rows(m, range(110, 120), start=DAY + 10 * MINUTES + 5 * HOUR)])
    assert send(late, device=device, now=DAY + timedelta(hours=10)).refused == 0
    right = rows(m, range(120, 124), start=DAY + 20 * MINUTES)
    assert send(right, device=device, now=DAY + timedelta(hours=10)).refused == 4
    assert _held() == [("clock_back", 4)]
