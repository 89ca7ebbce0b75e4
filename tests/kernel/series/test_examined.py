"""Examples that an examiner wrote by hand before looking: every expected figure is the arithmetic shown beside it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from dafeng.kernel.series import flags, queries, services, upkeep
from tests.kernel.series.conftest import CITY, DAY, LATER, MINUTES, rows

HOUR = timedelta(hours=1)
MONTH = datetime(2026, 3, 1, tzinfo=CITY)
APRIL = datetime(2026, 4, 1, tzinfo=CITY)


def total(point, start, end, step) -> float:
    return queries.used([point], start, end, step)["value"].sum()


@pytest.mark.parametrize("settle", [False, True])
def test_a_computed_month_is_the_sum_of_its_hours(point, send, settle: bool) -> None:
    """a: 1 kWh an hour in all 744 hours; b: 0.5 kWh, but only in the first 100 hours (nothing is filled). Known together: 100 hours."""
    a, b = (point(code, kind="interval", period=3600) for code in "ab")
    rest = point("rest", kind="interval", formula={"kind": "difference", "of": ["a", "b"]})
    both = point("both", kind="interval", formula={"kind": "sum", "of": ["a", "b"]})
    send(rows(a, [1.0] * 744, start=MONTH + HOUR, step=HOUR))
    send(rows(b, [0.5] * 100, start=MONTH + HOUR, step=HOUR))
    if settle:
        upkeep.settle(now=LATER)
    for step in ("1h", "1d", "1mo"):
        assert total(rest, MONTH, APRIL, step) == pytest.approx(100 * 0.5), step
        assert total(both, MONTH, APRIL, step) == pytest.approx(100 * 1.5), step
    month = queries.used([rest], MONTH, APRIL, "1mo")
    assert month["coverage"].item() == pytest.approx(100 / 744)


def test_parts_of_a_formula_are_brought_into_its_unit(point, send) -> None:
    """2 MWh + 500 kWh = 2 500 kWh = 2.5 MWh; a level in kW is no part of an amount, and a cubic metre is no energy."""
    from dafeng.kernel.series.errors import SeriesError
    from dafeng.portal.accounts.models import User

    a, b = point("a", kind="interval", unit="MWh"), point("b", kind="interval", unit="kWh")
    kilo = point("kilo", kind="interval", unit="kWh", formula={"kind": "sum", "of": ["a", "b"]})
    mega = point("mega", kind="interval", unit="MWh", formula={"kind": "sum", "of": ["kilo"]})
    send(rows(a, [2.0], start=DAY + MINUTES))
    send(rows(b, [500.0], start=DAY + MINUTES))
    found = queries.used([kilo, mega], DAY, DAY + HOUR, "1h")
    assert found["value"].to_list() == [2500.0, 2.5]
    point("level", kind="instant", unit="kW")
    point("gas", kind="interval", unit="m3")
    keeper = User.objects.create(username="k", is_superuser=True)
    for code, what in (("level", "瞬时值"), ("gas", "换算")):
        wrong = point(f"of-{code}", kind="interval", formula={"kind": "sum", "of": [code]})
        with pytest.raises(SeriesError, match=what):
            queries.used([wrong], DAY, DAY + HOUR)
        with pytest.raises(SeriesError, match=what):
            services.state_fact(kilo, "formula", {"kind": "sum", "of": [code]}, DAY, by=keeper, now=LATER)


def test_a_formula_that_changes_within_a_month_counts_from_its_moment(point, send) -> None:
    """744 h of 1 kWh; 40 % until the 16th 00:00 (360 h), 50 % after (384 h): 144 + 192 = 336."""
    a = point("a", kind="interval", period=3600)
    share = point("share", kind="interval", formula={"kind": "share", "of": ["a"], "share": 0.4})
    services.state_fact(share, "formula", {"kind": "share", "of": ["a"], "share": 0.5}, MONTH + 360 * HOUR, now=LATER)
    send(rows(a, [1.0] * 744, start=MONTH + HOUR, step=HOUR))
    for step in ("15m", "1h", "1d", "1mo"):
        assert total(share, MONTH, APRIL, step) == pytest.approx(336), step


@pytest.mark.parametrize("settle", [False, True])
@pytest.mark.parametrize(("kind", "want"), [("interval", 8.0), ("register", 8.0), ("instant", 4.0)])
def test_a_meter_read_each_hour_and_from_a_day_on_each_quarter_keeps_both_days(point, send, kind, want, settle) -> None:
    """4 kWh an hour on the first day, 1 kWh a quarter hour on the second: 4 + 4 in the two hours around midnight, nothing filled.

    A level of 4 has a mean of 4. The reading at midnight ends the last hour of the old period.
    """
    m = point(kind=kind, period=3600)
    next_day = DAY + 24 * HOUR
    hourly = [4.0 * n if kind == "register" else 4.0 for n in range(1, 25)]
    quarterly = {"register": [96.0 + n for n in range(1, 97)], "interval": [1.0] * 96, "instant": [4.0] * 96}[kind]
    send(rows(m, hourly, start=DAY + HOUR, step=HOUR))
    services.state_fact(m, "period", 900, next_day, now=LATER)
    send(rows(m, quarterly, start=next_day + MINUTES))
    if settle:
        upkeep.settle(now=LATER)
    ask = queries.mean if kind == "instant" else queries.used
    hours = ask([m], DAY + 2 * HOUR, DAY + 46 * HOUR, "1h")
    assert hours["value"].to_list() == [4.0] * 44
    assert set(hours["coverage"]) == {1.0}
    assert set(hours["flag"]) <= {0, flags.FROZEN}
    both = ask([m], DAY + 23 * HOUR, DAY + 25 * HOUR, "1h")["value"]
    assert (both.mean() if kind == "instant" else both.sum()) == want
    assert m.period == 900  # what is asked of the device now
    assert set(ask([m], DAY, next_day, "1h", known_at=LATER)["value"]) == {4.0}


def test_a_period_with_a_date_is_not_written_over(point) -> None:
    from dafeng.kernel.series.errors import SeriesError
    from dafeng.portal.accounts.models import User

    m = point(period=3600)
    services.state_fact(m, "period", 900, DAY, now=LATER)
    services.state_fact(m, "period", 1800, DAY - HOUR, now=LATER)  # learnt later, and earlier in time
    assert [fact.value for fact in m.facts.order_by("since")] == [3600, 1800, 900]
    m.refresh_from_db()
    assert m.period == 900
    for wrong in (0, 0.5, 1e9):
        with pytest.raises(SeriesError):
            services.state_fact(m, "period", wrong, DAY, now=LATER)
    keeper = User.objects.create(username="k", is_superuser=True)
    with pytest.raises(SeriesError, match="周期"):
        services.change_point(m, by=keeper, now=LATER, period=60)


# ---------- one example, one line: kind, words of the point, values at 15 minutes from 00:00, sum (mean of moments) of the hour ----------
HOURS = {
    # 999 999.90 → 0.15 of six figures: 0.25
    "a register of six figures turns over": ("register", {"digits": 6}, [999_999.90, 0.15], 0.25),
    "at its very last figure": ("register", {"digits": 6}, [999_999.99, 0.0], 0.01),
    # 15 to the turn and beyond, 3 more, a reset of which nothing is known, 4 more
    "turned over and set back within the hour": ("register", {"digits": 6}, [999_990.0, 5.0, 8.0, 0.0, 4.0], 22.0),
    "a register that stands still used nothing": ("register", {}, [7.0] * 5, 0.0),
    "intervals add up": ("interval", {}, [None, 1.0, 2.0, 3.0, 4.0], 10.0),
    "intervals with a multiplier": ("interval", {"multiplier": 80}, [None, 1.0, 2.0, 3.0, 4.0], 800.0),
    "what is fed back counts against what is used": ("interval", {}, [None, 5.0, -2.0, 1.0, 0.0], 4.0),
    "a level is not added up": ("instant", {"unit": "kW"}, [100.0, 200.0, 300.0, 400.0], 250.0),
    "a level known for half the hour is the mean of that half": ("instant", {"unit": "kW"}, [100.0, 200.0], 150.0),
    "a ratio is a mean too": ("instant", {"unit": "1"}, [0.8, 1.0, 0.8, 1.0], 0.9),
    "temperatures below zero": ("instant", {"unit": "°C"}, [-4.0, -2.0, 0.0, 2.0], -1.0),
}


@pytest.mark.parametrize("name", HOURS)
def test_an_hour_of(name: str, point, send) -> None:
    kind, words, values, want = HOURS[name]
    m = point(kind=kind, **words)
    assert send(rows(m, values)).refused == 0
    ask = queries.mean if kind == "instant" else queries.used
    found = ask([m], DAY, DAY + HOUR, "1h")
    assert found["value"].item() == pytest.approx(want)
    for step in ("1d", "1mo"):  # nothing is made larger on the way up
        assert ask([m], DAY, DAY + HOUR, step)["value"].item() == pytest.approx(want)


# A month of a register by one an hour: multiplier 80, from the 15th 100; 28 (29) days.
@pytest.mark.parametrize(
    ("year", "month", "want"),
    [
        (2026, 4, 14 * 24 * 80 + 16 * 24 * 100),  # 65 280
        (2024, 2, 14 * 24 * 80 + 15 * 24 * 100),  # a leap year: 62 880
        (2025, 2, 14 * 24 * 80 + 14 * 24 * 100),  # 60 480
        (2025, 12, 14 * 24 * 80 + 17 * 24 * 100),  # the year ends with it
    ],
)
def test_a_month_with_a_new_transformer_on_the_fifteenth(year, month, want, point, send) -> None:
    start = datetime(year, month, 1, tzinfo=CITY)
    end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=CITY)
    m = point(period=3600, multiplier=80)
    services.state_fact(m, "multiplier", 100, start.replace(day=15), now=LATER)
    hours = int((end - start) / HOUR)
    send(rows(m, [float(n) for n in range(hours + 3)], start=start, step=HOUR), now=LATER)  # on into the next month
    found = queries.used([m], start, end, "1mo")
    assert found.select("value", "coverage").rows() == [(want, 1.0)]
    assert queries.used([m], end, end + HOUR, "1mo")["value"].item() == 200.0


def test_three_revisions_are_told_again_as_each_was_known(point, send) -> None:
    m = point(kind="interval")
    slot, spans = DAY + MINUTES, (DAY, DAY + HOUR)
    for place, value in enumerate((10.0, 12.0, 11.0)):
        send(rows(m, [value], start=slot), now=LATER + place * HOUR)
    half = timedelta(minutes=30)
    assert queries.used([m], *spans, "1h")["value"].item() == 11.0
    for place, value in enumerate((10.0, 12.0, 11.0)):
        known = queries.used([m], *spans, "1h", known_at=LATER + place * HOUR + half)
        assert known["value"].item() == value
    assert queries.used([m], *spans, "1h", known_at=LATER - half).height == 0
    assert queries.revisions([m], *spans)["value"].to_list() == [10.0, 12.0, 11.0]


def test_months_that_arrive_in_any_order_are_the_same(point, send) -> None:
    """March, January, February of a register by 2 an hour; the last two hours of January never came: bridged, and told as estimated."""
    m = point(period=3600)
    first = datetime(2026, 1, 1, tzinfo=CITY)
    ends = [
        first,
        datetime(2026, 2, 1, tzinfo=CITY),
        datetime(2026, 3, 1, tzinfo=CITY),
        datetime(2026, 4, 1, tzinfo=CITY),
    ]
    for part in (2, 0, 1):
        begin, end = (int((each - first) / HOUR) for each in ends[part : part + 2])
        values = [None if part == 0 and n >= end - 2 else 2.0 * n for n in range(begin, end + (part == 2))]
        send(rows(m, values, start=ends[part], step=HOUR))
        upkeep.settle(now=LATER)
    found = queries.used([m], ends[0], ends[3], "1mo")
    assert found["value"].to_list() == [2.0 * 744, 2.0 * 672, 2.0 * 744]
    assert found["coverage"].to_list() == [pytest.approx(741 / 744), 1.0, 1.0]
    assert found["flag"].to_list() == [flags.ESTIMATED | flags.MISSING, 0, 0]


def test_missing_hours_at_the_edge_of_a_month_are_missing_from_it(point, send) -> None:
    """An hourly interval of 1 kWh; the last two hours of April and the first six of May: too long a gap to fill is left out of both."""
    m = point(kind="interval", period=3600)
    april, may = datetime(2026, 4, 1, tzinfo=CITY), datetime(2026, 5, 1, tzinfo=CITY)
    lost = range(718, 726)
    send(rows(m, [None if n in lost else 1.0 for n in range(720 + 744)], start=april + HOUR, step=HOUR))
    found = queries.used([m], april, may + 31 * 24 * HOUR, "1mo")
    assert found["value"].to_list() == [718.0, 738.0]
    assert found["coverage"].to_list() == pytest.approx([718 / 720, 738 / 744])


@pytest.mark.parametrize(
    ("value", "reason"), [(1e308, "too_large"), (-1e16, "too_large"), (float("inf"), "not_a_number")]
)
def test_what_no_meter_shows_waits_in_quarantine(value, reason, point, send) -> None:
    m = point(kind="interval", multiplier=1e9)
    assert send(rows(m, [1.0, value, 2.0])).reasons == {reason: 1}
    assert queries.used([m], DAY, DAY + HOUR, "15m")["value"].is_finite().all()


@pytest.mark.parametrize("settle", [False, True])
@pytest.mark.parametrize(
    ("begins", "values", "want"),
    [
        # The old meter ends at 5000 at the very moment of the exchange, the new one begins at 12: 10, then 20 - 12, then 10.
        (12, [4990.0, 5000.0, 20.0, 30.0], [10.0, 8.0, 10.0]),
        # The same, and the new meter has been used before: 4012 - 4000.
        (4000, [4990.0, 5000.0, 4012.0, 4030.0], [10.0, 12.0, 18.0]),
        # What stands there at the moment is the new meter's: of the last quarter hour of the old one nothing is known but that.
        (12, [4990.0, 12.0, 20.0, 30.0], [0.0, 8.0, 10.0]),
    ],
)
def test_the_last_stand_of_the_old_meter_and_the_first_of_the_new_at_one_moment(
    begins, values, want, settle, point, send
) -> None:
    m = point()
    services.state_fact(m, "reset", begins, DAY + MINUTES, now=LATER)
    if settle:  # one delivery after another, as they come
        for place, value in enumerate(values):
            assert send(rows(m, [value], start=DAY + place * MINUTES)).refused == 0
        upkeep.settle(now=LATER)
    else:
        assert send(rows(m, values)).refused == 0
    assert queries.used([m], DAY, DAY + HOUR, "15m")["value"].to_list() == want
