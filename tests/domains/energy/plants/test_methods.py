"""Capacity, output and duty by hand arithmetic, and what must hold of any register."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dafeng.domains.energy.plants.methods.capacity import (
    Amount,
    Change,
    Declared,
    average,
    below_zero,
    movement,
    remainder,
    stock,
)
from dafeng.domains.energy.plants.methods.duty import Lease, Rule, duty, free, leased
from dafeng.domains.energy.plants.methods.output import (
    Month,
    at_night,
    curtailment,
    faults,
    faults_of_year,
    joined,
    totals,
    utilisation,
)

DAY = date(2025, 1, 1)


def change(day: date, mw: float, kind: str = "wind", plant: str = "p", **more: float) -> Change:
    return Change(day, kind, "411502", Amount(mw=mw, **more), plant)


# ---------- stock, additions, retirements ----------


def test_stock_and_additions_are_two_things() -> None:
    changes = [change(date(2023, 6, 1), 100.0), change(date(2025, 3, 1), 50.0), change(date(2025, 9, 1), -20.0)]
    year = movement(changes, date(2025, 1, 1), date(2025, 12, 31))
    assert (year.start.mw, year.added.mw, year.retired.mw, year.end.mw) == (100.0, 50.0, 20.0, 130.0)
    assert stock(changes, date(2025, 2, 28)).mw == 100.0
    assert stock(changes, date(2025, 3, 1)).mw == 150.0  # the day of connection counts


CHANGES = st.lists(
    st.builds(
        lambda day, mw, mwp, mwh: Change(DAY + timedelta(days=day), "pv_central", "411502", Amount(mw, mwp, mwh), "p"),
        st.integers(0, 800), *(st.integers(-300, 300).map(lambda n: n / 4) for _ in range(3)),
    ),
    max_size=25,
)  # fmt: skip


@given(CHANGES, st.integers(-20, 820), st.integers(0, 400))
@settings(deadline=None)
def test_stock_at_the_end_is_stock_at_the_start_and_additions_less_retirements(changes: list[Change], at: int, length: int) -> None:  # fmt: skip
    """Against a model that walks day by day and knows nothing of sums."""
    first = DAY + timedelta(days=at)
    last = first + timedelta(days=length)
    found = movement(changes, first, last)
    level, added, retired, opening, days = 0.0, 0.0, 0.0, 0.0, 0.0
    day = DAY - timedelta(days=30)
    while day <= last:
        if day == first:
            opening = level
        for each in changes:
            if each.day == day:
                level += each.amount.mw
                if day >= first:
                    added, retired = added + max(each.amount.mw, 0), retired + max(-each.amount.mw, 0)
        if day >= first:
            days += level
        day += timedelta(days=1)
    assert found.end.mw == pytest.approx(level)
    assert (found.start.mw, found.added.mw, found.retired.mw) == (
        pytest.approx(opening), pytest.approx(added), pytest.approx(retired),
    )  # fmt: skip
    for name in ("mw", "mwp", "mwh"):
        start, more, less, end = (getattr(each, name) for each in (found.start, found.added, found.retired, found.end))
        assert end == pytest.approx(start + more - less)
        assert min(more, less) >= 0
    assert average(changes, first, last).mw == pytest.approx(days / (length + 1))


@given(CHANGES)
def test_more_is_never_retired_than_stands(changes: list[Change]) -> None:
    day = below_zero(changes)
    days = sorted({each.day for each in changes})
    wrong = [each for each in days if stock(changes, each).negative]
    assert day == (wrong[0] if wrong else None)


# ---------- declared totals ----------


def test_a_declared_total_counts_only_what_is_not_registered() -> None:
    """Declared 80 MW at the end of June, of which 30 are registered: 50 are left. A roof of 12 MW connected in August adds; one
    registered later but connected in May was in the 80 already: it moves out of the remainder and the total stays."""
    june = date(2025, 6, 30)
    roofs = [change(date(2025, 2, 1), 30.0, "pv_distributed")]

    def whole(registered: list[Change], day: date) -> float:
        rest, excess = remainder([Declared(june, Amount(mw=80.0))], registered, kind="pv_distributed", place="411502")
        assert excess == []
        return stock([*registered, *rest], day).mw

    assert whole(roofs, june) == 80.0
    assert whole(roofs, date(2025, 6, 29)) == 30.0  # nobody answered for more before
    august = [*roofs, change(date(2025, 8, 1), 12.0, "pv_distributed")]
    assert whole(august, date(2025, 8, 1)) == 92.0
    may = [*august, change(date(2025, 5, 1), 7.0, "pv_distributed")]
    assert whole(may, june) == 80.0
    assert whole(may, date(2025, 8, 1)) == 92.0


def test_more_registered_than_declared_is_told_and_not_cut() -> None:
    registered = [change(date(2025, 2, 1), 90.0, "pv_distributed")]
    rest, excess = remainder(
        [Declared(date(2025, 6, 30), Amount(mw=80.0))], registered, kind="pv_distributed", place="x"
    )
    assert (rest, excess) == ([], [date(2025, 6, 30)])


@given(
    st.lists(st.tuples(st.integers(0, 700), st.integers(1, 400)), max_size=8, unique_by=lambda each: each[0]),
    st.lists(st.tuples(st.integers(0, 700), st.integers(1, 100)), max_size=12),
)
def test_on_a_declared_day_the_total_is_what_was_declared_or_what_is_registered(declared: list[tuple[int, int]], registered: list[tuple[int, int]]) -> None:  # fmt: skip
    own = [change(DAY + timedelta(days=day), float(mw), "pv_distributed") for day, mw in registered]
    said = [Declared(DAY + timedelta(days=day), Amount(mw=float(mw))) for day, mw in declared]
    rest, excess = remainder(said, own, kind="pv_distributed", place="x")
    for each in said:
        mine = stock(own, each.day).mw
        assert stock([*own, *rest], each.day).mw == pytest.approx(max(each.amount.mw, mine))
        assert (each.day in excess) == (mine > each.amount.mw)
    assert below_zero(rest) is None


# ---------- hours and curtailment ----------


def test_hours_are_weighted_by_the_days_that_capacity_stood() -> None:
    """100 MW all June (30 days), 50 MW more from 16 June (15 days): (100 × 30 + 50 × 15) ÷ 30 = 125 MW. 25 000 MWh ÷ 125 MW = 200 h.
    By the capacity at the end of the month it would be 166.7 h, by that at its start 250 h."""
    changes = [change(date(2024, 1, 1), 100.0), change(date(2025, 6, 16), 50.0)]
    mean = average(changes, date(2025, 6, 1), date(2025, 6, 30))
    assert mean.mw == pytest.approx(125.0)
    assert utilisation(25_000.0, mean.mw) == pytest.approx(200.0)
    assert utilisation(None, 125.0) is None
    assert utilisation(1.0, 0.0) is None
    with pytest.raises(ValueError, match="days"):
        average(changes, date(2025, 6, 2), date(2025, 6, 1))


def month(name: str = "2025-06", **values: float) -> Month:
    return Month(name, **({"hours": 720.0, "mw": 100.0, "top_mw": 100.0, "mwh": 0.0} | values))


def test_curtailment_is_told_or_available_less_generated_and_unknown_is_not_zero() -> None:
    assert month(generation=900.0, curtailed=100.0).lost == 100.0
    assert month(generation=900.0, available=960.0).lost == 60.0
    assert month(generation=900.0).lost is None
    assert curtailment(900.0, 100.0) == pytest.approx(0.1)
    # Of two months only one told what was curtailed: the rate is of that month alone, 100 ÷ 1000.
    found = totals([month("2025-05", generation=900.0, curtailed=100.0), month("2025-06", generation=5000.0)])
    assert (found.generation, found.lost, found.curtailment) == (5900.0, 100.0, pytest.approx(0.1))
    assert totals([month(generation=5.0)]).curtailment is None


def test_a_year_is_weighted_over_the_months_with_data() -> None:
    """May of 744 h at 100 MW, June of 720 h at 150 MW: (100 × 744 + 150 × 720) ÷ 1464 = 124.590 MW; 30 000 MWh → 240.789 h."""
    found = totals([month("2025-05", hours=744.0, generation=12_000.0), month("2025-06", mw=150.0, generation=18_000.0), month("2025-07")])  # fmt: skip
    assert found.months == 2
    assert found.mw == pytest.approx(182_400 / 1464)
    assert found.utilisation == pytest.approx(30_000 * 1464 / 182_400)
    assert found.capacity_factor == pytest.approx(30_000 / 182_400)


def test_plants_together_weigh_by_their_capacity_and_silent_ones_are_left_out() -> None:
    one, two, silent = totals([month(generation=20_000.0)]), totals([month(mw=50.0, generation=4000.0)]), totals([month(mw=500.0)])  # fmt: skip
    assert joined([one, two, silent]).utilisation == pytest.approx(24_000 / 150)
    assert joined([silent]).generation is None


def test_storage_by_hand() -> None:
    """50 MW/100 MWh: charged 3000, discharged 2550 MWh: 85 %, 25.5 cycles, (3000 + 2550) ÷ 50 = 111 h."""
    found = totals([month(mw=50.0, top_mw=50.0, mwh=100.0, charged=3000.0, discharged=2550.0)])
    assert (found.efficiency, found.cycles, found.storage_hours) == (pytest.approx(0.85), pytest.approx(25.5), pytest.approx(111.0))  # fmt: skip
    assert (found.generation, found.utilisation) == (None, None)


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        ({"generation": 72_000.0}, []),  # 100 MW × 720 h: a full month, possible
        ({"generation": 72_100.0}, ["above_capacity"]),
        ({"generation": 1.0, "mw": 0.0, "top_mw": 0.0}, ["above_capacity"]),  # before it was connected
        ({"generation": 100.0, "on_grid": 90.0, "own_use": 20.0}, ["parts_above_whole"]),
        ({"generation": 100.0, "available": 90.0}, ["available_below_generation"]),
        ({"generation": 60_000.0, "curtailed": 20_000.0}, ["curtailed_above_capacity"]),
        ({"generation": 900.0, "available": 1000.0, "curtailed": 60.0}, ["curtailed_differs"]),
        (
            {"charged": 1000.0, "discharged": 1001.5, "mwh": 200.0},
            ["discharge_above_charge"],
        ),  # of what was stored: a reason
        ({"charged": 1000.0, "discharged": 1300.0, "mwh": 200.0}, ["discharge_above_charge"]),  # of nothing
        ({"charged": 73_000.0}, ["charge_above_capacity"]),
    ],
)
def test_what_cannot_be_is_found(values: dict[str, float], codes: list[str]) -> None:
    assert [each.code for each in faults(month(**values))] == codes


def test_a_store_may_give_back_what_lay_in_it_and_no_more() -> None:
    within = faults(month(charged=1000.0, discharged=1150.0, mwh=200.0))
    beyond = faults(month(charged=1000.0, discharged=1300.0, mwh=200.0))
    assert [each.level for each in within] == ["doubtful"]
    assert [each.level for each in beyond] == ["impossible"]


def test_a_year_has_so_many_hours_and_a_store_makes_nothing() -> None:
    months = [month(f"2024-{n:02d}", hours=732.0, generation=74_000.0) for n in range(1, 13)]  # 888 000 ÷ 100 = 8880 h
    assert [each.code for each in faults_of_year("2024", months, hours=8784.0)] == ["hours_above_year"]
    months = [month(f"2024-{n:02d}", charged=100.0, discharged=101.0) for n in range(1, 13)]
    assert [each.code for each in faults_of_year("2024", months, hours=8784.0)] == ["efficiency_above_one"]
    assert faults_of_year("2024", months[:6], hours=8784.0) == []  # half a year may hide what was stored


def test_the_sun_does_not_shine_at_night() -> None:
    hours = [(datetime(2025, 6, 21, hour), 3.0) for hour in (2, 3, 4, 12, 20, 21, 23)] + [
        (datetime(2025, 6, 22, 1), 0.1)
    ]
    dark = at_night(hours, mw=100.0, first=21, last=4, share=0.005)  # half a megawatt of 100
    assert [at.hour for at, _value in dark] == [2, 3, 21, 23]


# ---------- duty ----------

OLD = Rule("wind", date(2021, 1, 1), date(2023, 12, 31), 10.0, 2.0)
NEW = Rule("wind", date(2024, 1, 1), None, 20.0, 2.0)


def test_each_part_owes_by_the_rule_of_its_own_day() -> None:
    """100 MW of 2022 at 10 %, 50 MW of 2025 at 20 %: 10 + 10 = 20 MW for two hours, 40 MWh; 30 MW of 2019 nobody ruled."""
    changes = [change(date(2019, 5, 1), 30.0), change(date(2022, 5, 1), 100.0), change(date(2025, 5, 1), 50.0)]
    found = duty(changes, [OLD, NEW], date(2025, 12, 31))
    assert (found.mw, found.mwh, found.unruled) == (pytest.approx(20.0), pytest.approx(40.0), pytest.approx(30.0))
    assert found.lines == ((OLD, 100.0), (NEW, 50.0))
    assert duty(changes, [OLD, NEW], date(2024, 12, 31)).mw == pytest.approx(10.0)
    # 45 of 180 MW retired: three quarters of every part are left.
    less = duty([*changes, change(date(2025, 6, 1), -45.0)], [OLD, NEW], date(2025, 12, 31))
    assert (less.mw, less.unruled) == (pytest.approx(15.0), pytest.approx(22.5))
    assert duty(changes, [], date(2025, 12, 31)).unruled == pytest.approx(180.0)


def test_rules_of_a_kind_overlap_where_a_day_has_two() -> None:
    assert not OLD.overlaps(NEW)
    assert NEW.overlaps(Rule("wind", date(2030, 1, 1), None, 5.0, 1.0))
    assert not NEW.overlaps(Rule("pv_central", date(2024, 1, 1), None, 5.0, 1.0))


@given(
    st.lists(
        st.tuples(st.integers(1, 60), st.integers(1, 120), st.integers(0, 200), st.integers(0, 90)), max_size=8
    ),
    st.integers(0, 200), st.integers(0, 90),
)  # fmt: skip
def test_what_is_free_never_lets_a_day_be_rented_twice(
    rows: list[tuple[int, int, int, int]], at: int, length: int
) -> None:
    """Rented beyond what is free is refused; so on no day more is rented than stands, in MW and in MWh."""
    station = [change(DAY, 100.0, "storage", mwh=200.0), change(DAY + timedelta(days=80), 20.0, "storage", mwh=40.0)]
    taken: list[Lease] = []
    for mw, mwh, start, days in rows:
        asked = Lease(float(mw), float(mwh), DAY + timedelta(days=start), DAY + timedelta(days=start + days))
        left = free(station, taken, asked.starts, asked.ends)
        if asked.mw <= left.mw and asked.mwh <= left.mwh:
            taken.append(asked)
    first, last = DAY + timedelta(days=at), DAY + timedelta(days=at + length)
    days = [first + timedelta(days=n) for n in range(length + 1)]
    left = free(station, taken, first, last)
    assert left.mw == pytest.approx(min(stock(station, day).mw - leased(taken, day).mw for day in days))
    assert left.mwh == pytest.approx(min(stock(station, day).mwh - leased(taken, day).mwh for day in days))
    assert min(left.mw, left.mwh) >= -1e-9
