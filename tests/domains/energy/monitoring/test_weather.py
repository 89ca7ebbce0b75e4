"""The temperature of a place: whose station speaks, what a day's mean is, and that no forecast sees its own day's weather."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from dafeng.domains.energy.monitoring import weather
from dafeng.domains.energy.monitoring.methods import baseline, forecast, town
from dafeng.domains.energy.monitoring.methods.calendar import facts, span
from dafeng.domains.energy.monitoring.methods.profiles import Profiles
from dafeng.kernel.series import services as series

DAYS = span(date(2026, 1, 1), date(2026, 7, 31))


def _station(code: str, place: str, **more: object) -> None:
    words = {
        "subject": f"place:{place}",
        "place": place,
        "name": code,
        "quantity": "temperature",
        "unit": "degC",
        "kind": "instant",
    }
    series.ensure_point(code, **(words | more))


@pytest.mark.django_db
def test_a_county_has_its_own_station_or_else_the_citys():
    assert weather.stations(["411525"]) == {}
    assert weather.hours(["411525"], DAYS[0], DAYS[1]) is None, "nothing is assumed where nobody measures"
    _station("city", "411500")
    _station("county", "411526")
    _station("cold-store", "411525", subject="enterprise:cold")  # a room of a firm is no weather
    found = weather.stations(["411525", "411526", "340100"])
    assert {place: point.code for place, point in found.items()} == {"411525": "city", "411526": "county"}


def test_a_day_of_few_hours_has_no_mean():
    hours = np.full((2, 24), np.nan)
    hours[0, :12], hours[1, :11] = 10.0, 10.0
    assert weather.daily(hours).tolist()[0] == 10.0
    assert np.isnan(weather.daily(hours)[1])


@pytest.mark.parametrize("lead", [1, 7])
def test_what_is_known_before_a_day_is_the_weather_of_that_time(lead):
    """Changing the weather of a day changes no feature of it, nor of the days that were forecast before it was over."""
    warm = town.temperature(DAYS, seed=3)[None]
    other = warm.copy()
    other[:, 100] += 15.0
    known, changed = weather.known_before(warm, lead), weather.known_before(other, lead)
    assert np.array_equal(known[:, : 100 + lead], changed[:, : 100 + lead], equal_nan=True)
    assert np.array_equal(known[:, lead:], warm[:, :-lead])
    loads = town.load("hospital", DAYS, warm[0], peak=500.0, seed=4)[None]
    rows = [
        forecast.features(Profiles(("a",), tuple(DAYS), loads), facts(DAYS), lead, seen)[0] for seen in (known, changed)
    ]
    assert np.array_equal(rows[0][:, : 100 + lead], rows[1][:, : 100 + lead], equal_nan=True)


def test_the_baseline_finds_the_cooling_of_a_made_load_and_takes_a_hot_month_for_what_it_is():
    """1000 kWh a day and 40 for each degree above 24: July is hotter than what was fitted on, and the weather explains it all."""
    warm = np.array([10.0 + 0.1 * number for number in range(len(DAYS))])
    use = 1000.0 + 40.0 * np.maximum(warm - 24.0, 0.0)
    split = len(DAYS) - 28
    found = baseline.fit(DAYS[:split], use[:split], warm[:split])
    assert found is not None
    assert (found.cooling_base, round(found.coefficients["cooling"], 6)) == (24, 40.0)
    assert found.expected(DAYS[split:], warm[split:]) == pytest.approx(use[split:], rel=1e-9)
    blind = baseline.fit(DAYS[:split], use[:split])
    assert blind is not None
    assert (use[split:] - blind.expected(DAYS[split:], None)).sum() > 5000, "without weather July would pass for waste"
    assert DAYS[split] == DAYS[-1] - timedelta(days=27)
