"""Judged on real load that nobody here made (SimBench; `make profiles`): run with `pytest -m profiles`."""

import pytest

from dafeng.domains.energy.monitoring.methods import faults, forecast, today
from tests.domains.energy.monitoring import real_load

pytestmark = [pytest.mark.profiles, pytest.mark.skipif(not real_load.FILE.exists(), reason="make profiles")]


def test_day_ahead_forecast_beats_yesterday_and_its_band_holds():
    """ENERGY.md, issue 6 §2: MAPE ≤ 0.62 of the same slot yesterday, 80 % band covers 77–83 %."""
    block = real_load.load()
    _told, found = forecast.rolling(block, first=240, every=63, calendar=real_load.calendar())
    assert len(block.meters) == 27
    assert found.ratio <= 0.62
    assert 0.77 <= found.coverage <= 0.83


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_planted_faults_are_found_without_crying_wolf(seed):
    """Issue 6 §2: recall ≥ 0.94 at ≤ 4 false-alarm days per meter-month, by the night alone and with the calls of the day beside it.

    Seeds that no limit was set on; today's rules on the profiles that no limit of theirs was set on. Alone they see only the hours
    that are over, and miss more.
    """
    found = real_load.marks(seed)
    assert found["night"].events > 300
    assert found["together"].events > 150
    for way, recall, false_days in (("night", 0.94, 4.0), ("together", 0.94, 4.0), ("today", 0.92, 2.5)):
        assert found[way].recall >= recall, way
        assert found[way].false_days <= false_days, way
    assert found["soon"].recall >= 0.85, "on the day on which the fault began"


def test_walking_through_the_hours_calls_on_the_days_that_are_scored():
    """What the hourly job would say after each hour, against the days that the score counts."""
    planted, _key = faults.plant(real_load.load(), seed=11, first=real_load.FIRST, calendar=real_load.calendar())
    found = today.judge(planted, calendar=real_load.calendar(), first=real_load.FIRST)
    days = range(real_load.FIRST, real_load.FIRST + 60)
    for meter in range(1, len(planted.meters), 2):
        walked = [any(found.calls(meter, day, finished) for finished in range(1, 25)) for day in days]
        assert walked == found.alarms[meter, days.start : days.stop].tolist()
