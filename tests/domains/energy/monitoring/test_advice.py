"""Savings by hand on curves whose answer is known; the tariff as its notice has it."""

from datetime import date

import numpy as np
import pytest

from dafeng.domains.energy.monitoring.methods import advice, tariffs
from dafeng.domains.energy.monitoring.methods.calendar import span

DAYS = span(date(2024, 10, 1), date(2024, 10, 10))


@pytest.fixture
def henan() -> tariffs.Tariff:
    return tariffs.tariff_of("410000", DAYS[0])


def test_periods_are_those_of_the_notice(henan):
    """豫发改价管〔2024〕283号, as transcribed."""
    autumn = henan.periods([date(2024, 10, 1)], 24)[0]
    assert [hour for hour in range(24) if autumn[hour] == "valley"] == [0, 1, 2, 3, 4, 5, 11, 12, 13]
    assert [hour for hour in range(24) if autumn[hour] == "peak"] == list(range(16, 24))
    summer, winter = henan.periods([date(2024, 7, 1), date(2025, 1, 1)], 24)
    assert [hour for hour in range(24) if summer[hour] == "sharp"] == [20, 21, 22]
    assert [hour for hour in range(24) if winter[hour] == "sharp"] == [17, 18]


def test_nothing_is_known_before_the_notice(henan):
    assert tariffs.tariff_of("410000", date(2024, 5, 31)) is None
    assert tariffs.tariff_of("320000", DAYS[0]) is None
    assert henan.weakest == "memory"


def test_shifting_a_tenth_of_the_peak(henan):
    # 10 kWh in each hour, a spare 10 at the top (one hour of 20 at 8:00, flat). Peak use a day 80; 8 kWh moved; 0.6 × (1.72 − 0.45) each.
    load = np.full((10, 24), 10.0)
    load[:, 8] = 20.0
    found = advice.valley_shift(load, DAYS, henan, 0.6, movable=0.1)
    assert found.facts["moved"] == pytest.approx(8.0 * 365)
    assert found.yuan == pytest.approx(8.0 * 0.6 * 1.27 * 365)
    assert found.standing == "memory"


def test_no_room_under_the_highest_load_moves_nothing(henan):
    assert advice.valley_shift(np.full((10, 24), 10.0), DAYS, henan, 0.6) is None


def test_demand_against_capacity():
    # highest hour 500 kWh: 500 kW × 30 = 15 000 a month; 1000 kVA × 20 = 20 000 a month
    load = np.full((10, 24), 300.0)
    load[3, 9] = 500.0
    found = advice.demand_charge(load, 1.0, per_kw=30.0, capacity=1000.0, per_kva=20.0)
    assert found.yuan == pytest.approx(5000.0 * 12)
    assert advice.demand_charge(load, 1.0, per_kw=50.0, capacity=1000.0, per_kva=20.0) is None


def test_shaving_the_highest_hours():
    load = np.full((30, 24), 300.0)
    load[:20, 9] = 500.0
    found = advice.peak_shaving(load, 1.0, per_kw=30.0)
    assert found.yuan == pytest.approx(200.0 * 30 * 12)
    assert advice.peak_shaving(np.full((30, 24), 300.0), 1.0, per_kw=30.0) is None


def test_nights_down_to_the_best(henan):
    # two nights of ten at 10 kWh an hour, eight at 30: the first decile lies between the first and second night, at 10
    load = np.full((10, 24), 50.0)
    load[:, :5] = 30.0
    load[:2, :5] = 10.0
    found = advice.night_shutdown(load, DAYS, None, 0.5)
    assert found.facts["best"] == pytest.approx(10.0)
    assert found.kwh == pytest.approx(8 * 5 * 20.0 / 10 * 365)
    assert found.yuan == pytest.approx(found.kwh * 0.5)


def test_pressure_of_compressed_air():
    found = advice.compressor_pressure(np.full((10, 24), 100.0), 0.6, lower_by=0.1)
    assert found.kwh == pytest.approx(100 * 24 * 365 * 0.07)
    assert found.standing == "memory"


def test_the_bill_by_period(henan):
    bill = advice.bill(np.full((10, 24), 10.0), DAYS, henan, 0.6)
    assert bill["peak"] == (pytest.approx(800.0), pytest.approx(800 * 0.6 * 1.72))
    assert bill["valley"] == (pytest.approx(900.0), pytest.approx(900 * 0.6 * 0.45))
    assert sum(kwh for kwh, _yuan in bill.values()) == pytest.approx(2400.0)
