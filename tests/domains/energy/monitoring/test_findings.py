"""Anomalies on made-up loads: each rule fires on its fault and stays silent without it. Real load: test_profiles.py."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import numpy as np
import pytest

from dafeng.domains.energy.monitoring.methods import anomalies, faults, findings, power_factor, robust, tariffs, town
from dafeng.domains.energy.monitoring.methods.calendar import facts, span
from dafeng.domains.energy.monitoring.methods.profiles import Profiles

DAYS = span(date(2024, 3, 1), date(2024, 6, 30))
WARM = town.temperature(DAYS)


def _profiles(*trades: str) -> Profiles:
    return Profiles(
        trades,
        tuple(DAYS),
        np.stack([town.load(each, DAYS, WARM, peak=400, seed=5 + number) for number, each in enumerate(trades)]),
    )


def _constant(level: float, days: int = 60) -> Profiles:
    return Profiles(("m",), tuple(DAYS[:days]), np.full((1, days, 24), level))


DAY = 100  # Sunday 9 June 2024 is number 100: the Dragon Boat weekend; 95 is Tuesday 4 June
TUESDAY = 95


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("gap", lambda load: load.__setitem__(slice(6, 12), np.nan)),
        ("frozen", lambda load: load.__setitem__(slice(6, 18), load[6])),
        ("negative", lambda load: load.__setitem__(slice(6, 9), -load[6:9])),
        ("unit", lambda load: load.__imul__(10.0)),
        ("zero", lambda load: load.__setitem__(slice(5, 15), 0.0)),
        ("point", lambda load: load.__setitem__(slice(10, 12), load[10:12] * 3)),
        ("night", lambda load: load.__setitem__(slice(0, 6), load[0:6] * 2.5)),
        ("level", lambda load: load.__imul__(1.5)),
    ],
)
def test_each_rule_knows_its_fault(rule, change):
    made = _profiles("food")
    assert not anomalies.judge(made, first=TUESDAY).alarms[0, TUESDAY], "silent before"
    values = made.values.copy()
    change(values[0, TUESDAY])
    judged = anomalies.judge(replace(made, values=values), first=TUESDAY)
    assert judged.alarms[0, TUESDAY]
    assert judged.scores[rule][0, TUESDAY] >= 1.0


def test_a_broken_meter_explains_the_rest():
    made = _profiles("food")
    values = made.values.copy()
    values[0, TUESDAY, 6:18] = values[0, TUESDAY, 6]
    assert anomalies.judge(replace(made, values=values), first=TUESDAY).cause(0, TUESDAY) == "frozen"


def test_what_is_at_stake_is_what_was_used_beyond_the_expected():
    made = _profiles("steel")
    values = made.values.copy()
    values[0, TUESDAY : TUESDAY + 2] += 120.0
    judged = anomalies.judge(replace(made, values=values), first=TUESDAY)
    found = findings.points(judged, first=TUESDAY)[0]
    assert (found.first, found.last) == (datetime(2024, 6, 4), datetime(2024, 6, 6))
    assert found.kwh == pytest.approx(2 * 24 * 120.0, rel=0.12)  # the expected is a median of noisy days


def test_a_day_does_not_judge_itself():
    """With eight days a z above (8 − 1)/√8 = 2.47 cannot be; a rule that waits for 3 never fires. Here the day is left out."""
    before = np.full((1, 7), 100.0) + np.array([[0.0, 1.0, -1.0, 2.0, -2.0, 1.0, -1.0]])
    assert robust.out(np.array([140.0]), before, np.array([1.0]))[0] > 10.0


def test_meters_that_should_add_up():
    parent = _constant(100.0)
    children = [_constant(60.0), _constant(37.0)]
    assert findings.sums(parent, children, first=30) == []
    short = children[1].values.copy()
    short[0, 40:42] = 17.0
    found = findings.sums(parent, [children[0], replace(children[1], values=short)], first=30)
    assert len(found) == 1
    assert found[0].kwh == pytest.approx(2 * 24 * 20.0)  # 20 kWh an hour missing for two days, beyond the usual 3
    assert found[0].facts["share"] == pytest.approx(0.23)


def test_nights_that_could_be_dark():
    made = _constant(100.0)
    values = made.values.copy()
    values[0, :, :5] = 20.0
    assert findings.night_load(replace(made, values=values)) == []
    values[0, -14:, :5] = 70.0
    found = findings.night_load(replace(made, values=values))[0]
    assert found.kwh == pytest.approx(14 * 5 * 50.0)


def test_running_idle_on_days_off():
    assert findings.idle_running(_constant(50.0))[0].facts["share"] == 1.0
    values = _constant(50.0).values.copy()
    values[0, ~facts(DAYS[:60]).works] = 10.0
    assert findings.idle_running(replace(_constant(50.0), values=values)) == []


def test_heating_against_cooling():
    hot, cold = _constant(10.0), _constant(30.0)
    found = findings.heating_and_cooling(hot, cold)[0]
    assert found.kwh == pytest.approx(14 * 24 * 10.0)
    rests = cold.values.copy()
    rests[0] = 0.0
    assert findings.heating_and_cooling(hot, replace(cold, values=rests)) == []


def test_power_factor_by_hand():
    # P 80, Q 60: S 100, cos φ 0.8
    found = findings.power_factor(_constant(80.0), _constant(60.0))[0]
    assert found.facts["factor"] == pytest.approx(0.8)
    assert found.kwh is None
    assert findings.power_factor(_constant(90.0), _constant(30.0)) == []  # 0.949


def test_a_power_factor_below_its_standard_adds_to_the_bill():
    """(83)水电财字第215号: 0.5 % a hundredth down to 0.70, 1 % to 0.65, 2 % below; a published example adds 25 % at 0.60."""
    ninety, eighty_five = Decimal("0.90"), Decimal("0.85")
    added = {0.95: 0, 0.90: 0, 0.896: 0, 0.894: "0.5", 0.80: 5, 0.70: 10, 0.69: 11, 0.65: 15, 0.64: 17, 0.60: 25}
    assert {factor: power_factor.surcharge(factor, ninety) for factor in added} == {
        factor: Decimal(percent) for factor, percent in added.items()
    }
    assert power_factor.surcharge(0.60, eighty_five) == 15  # 20 steps of 0.5 to 0.65, 5 of 1 to 0.60
    # 28 days of 80 kWh an hour at 0.70 yuan: 53 760 kWh, 37 632 yuan; cos φ 0.80 adds 5 %.
    found = findings.power_factor(_constant(80.0), _constant(60.0), standard=ninety)[0]
    assert found.facts["surcharge"] == 5.0
    assert findings.cost(found, np.full((28, 24), 0.7)) == pytest.approx(1_881.60)
    assert findings.power_factor(_constant(88.0), _constant(50.0), standard=eighty_five) == []  # 0.869


def test_the_standard_of_the_power_factor_goes_by_capacity_and_industry():
    standards = {("C3110", 1_000): "0.9", ("3011", 160): "0.85", ("5210", 1_000): "0.85", ("", 400): "0.85"}
    assert {each: power_factor.standard_of(each[1], each[0]) for each in standards} == {
        each: Decimal(value) for each, value in standards.items()
    }
    assert power_factor.standard_of(99, "3110") is None
    assert power_factor.standard_of(None, "3110") is None


def test_use_in_the_peak():
    tariff = tariffs.tariff_of("410000", date(2024, 6, 30))
    made = _constant(10.0)
    assert findings.peak_valley(made, tariff) == []  # 8 of 24 hours: a third
    values = made.values.copy()
    values[0, :, 16:] = 40.0
    found = findings.peak_valley(replace(made, values=values), tariff)[0]
    assert found.facts["share"] == pytest.approx(320 / 480)


def test_planted_faults_are_found():
    made = _profiles("textile", "food", "hospital", "cold")
    planted, key = faults.plant(made, seed=3, first=56)
    found = faults.mark(anomalies.judge(planted, first=50).alarms, key, first=56)
    assert found.events == len(key) >= 8
    assert found.recall >= 0.9
    assert found.false_days <= 4


def test_a_mark_counts_events_and_false_days():
    alarms = np.zeros((1, 60), dtype=bool)
    alarms[0, [32, 40, 41]] = True
    found = faults.mark(alarms, [faults.Fault(0, "spike", 31, 33), faults.Fault(0, "gap", 50, 50)], first=30)
    assert found.recall == 0.5
    assert found.false_days == 2.0  # two days of false alarm in one meter-month
