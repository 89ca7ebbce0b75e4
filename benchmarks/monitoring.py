"""Forecasts and anomalies judged on real load that nobody here made (SimBench, `make profiles`): what the issue promises, measured."""

from __future__ import annotations

from benchmarks.figures import Figure, seconds
from dafeng.domains.energy.monitoring.methods import anomalies, forecast, today
from tests.domains.energy.monitoring import real_load

FIRST = 240
NAMES = ("forecast: MAPE of the next day", "forecast: MAPE of tomorrow, made the night before today", "forecast: coverage of the 80 % band, off by", "anomalies: events missed", "anomalies: false-alarm days", "anomalies: judge 27 meters × 316 days", "today: events missed", "today: false-alarm days", "today and night: events missed", "today and night: false-alarm days", "today: judge 27 meters, one day")  # fmt: skip


def measure(*, quick: bool = False) -> list[Figure]:
    if not real_load.FILE.exists():
        return [Figure(name, None, "", skipped="make profiles") for name in NAMES]
    block, calendar = real_load.load(), real_load.calendar()
    _told, score = forecast.rolling(block, first=FIRST, every=126 if quick else 42, calendar=calendar)
    assert score is not None
    told, tomorrow = forecast.rolling(block, first=FIRST, every=126 if quick else 42, calendar=calendar, lead=2)
    beside = forecast.score(block, told, lead=1)
    assert tomorrow is not None
    assert beside is not None
    found = real_load.marks(11)
    mark, day, both = found["night"], found["today"], found["together"]
    took = seconds(lambda: anomalies.judge(block, calendar=calendar, first=50))
    one = seconds(lambda: today.judge(block, calendar=calendar))
    missed = {kind: count - hits for kind, (hits, count) in sorted(day.by_kind.items()) if hits < count}
    return [
        Figure(NAMES[0], 100 * score.mape, "%", 0.62, score.ratio, f"same slot yesterday {score.mape_yesterday:.1%}, last week {score.mape_week:.1%}; {score.count} slots"),
        Figure(NAMES[1], 100 * tomorrow.mape, "%", 0.62, tomorrow.mape / beside.mape_yesterday, f"the same slot of the day between, which it did not know: {beside.mape_yesterday:.1%}"),
        Figure(NAMES[2], 100 * abs(score.coverage - 0.8), "points", 3.0, note=f"covers {score.coverage:.1%}"),
        Figure(NAMES[3], 1 - mark.recall, "", 0.06, note=f"{mark.events} planted faults of {len(mark.by_kind)} kinds"),
        Figure(NAMES[4], mark.false_days, "per meter-month", 4.0),
        Figure(NAMES[5], took, "s", 15.0),
        Figure(NAMES[6], 1 - day.recall, "", 0.08, note=f"{day.events} faults, on profiles that no limit was set on; found on their first day {found['soon'].recall:.1%}; missed {missed}"),
        Figure(NAMES[7], day.false_days, "per meter-month", 2.5),
        Figure(NAMES[8], 1 - both.recall, "", 0.06),
        Figure(NAMES[9], both.false_days, "per meter-month", 4.0),
        Figure(NAMES[10], 1000 * one, "ms", 500.0),
    ]  # fmt: skip
