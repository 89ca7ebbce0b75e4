"""Numbers for the demonstration, each marked 演示: a light of every colour, an all-of target, a value that waits, a warning that is late.

They are no statistics of any city. Nothing is done where any number was ever handed in, or where the demonstration's people are not there.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from dafeng.domains.plan.models import Plan, Warning
from dafeng.domains.plan.services import judging, reported, targets, warnings
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record

SOURCE = "演示数据，不是真实统计"
EARLIER = timedelta(days=45)
STATIONS = ("演示断面甲", "演示断面乙", "演示断面丙")
# Code after plan.reported. → values by year; the last year comes in later than the others, so that lights change.
SERIES = {
    "assembly_rate": {2020: 20, 2021: 22.4, 2022: 24.5, 2023: 27.1, 2024: 28.8, 2025: 31},
    "parks_circular_all": {2020: 30, 2021: 38, 2022: 47, 2023: 55.5, 2024: 64, 2025: 73},
    "waste_recycling": {2020: 20, 2021: 22, 2022: 25, 2023: 27, 2024: 29, 2025: 31},
    "green_travel": {2020: 51, 2021: 53, 2022: 55, 2023: 58, 2024: 60, 2025: 62},
    "film_recovery": {2020: 74, 2021: 78, 2022: 81, 2023: 84, 2024: 87},
}
# A single station reaches class II (its share is 100 %) or does not (0).
BY_STATION = {STATIONS[0]: 100, STATIONS[1]: 100, STATIONS[2]: 0}


def demo_targets(plan: Plan, now: datetime) -> None:
    """The whole chain once: handed in, taken, judged, warned, answered."""
    city = plan.city
    office, clerk = (_first(records.people_of(roles=[role], places=[city])) for role in ("ndrc", "statistics"))
    if office is None or clerk is None or Record.objects.of_kind(reported.KIND).exists():
        return
    before = now - EARLIER
    for name, years in SERIES.items():
        for year, value in years.items():
            if year < max(years):
                _take(name, city, year, value, office=office, clerk=clerk, now=before)
    judging.judge(city, now=before)
    for name, years in SERIES.items():
        _take(name, city, max(years), years[max(years)], office=office, clerk=clerk, now=now)
    _stations(city, office=office, clerk=clerk, now=now)
    _waiting(city, office=office, now=now)
    judging.judge(city, now=now)
    _answer(city, office=office, now=now)


def _first(people: list[Any]) -> Any:
    return people[0] if people else None


def _given(code: str, city: str, year: int, value: float, now: datetime, member: str = "") -> reported.Reported:
    return reported.checked(
        f"plan.reported.{code}", subject=city, period=str(year), value=float(value), source=SOURCE, basis="estimated",
        member=member, today=timezone.localdate(now),
    )  # fmt: skip


def _take(
    code: str, city: str, year: int, value: float, *, office: Any, clerk: Any, now: datetime, member: str = ""
) -> None:
    """The carbon office hands in, the statistics bureau takes."""
    if f"plan.reported.{code}" in reported.items():
        handed = reported.submit(_given(code, city, year, value, now, member), by=office, now=now)
        reported.accept(handed, by=clerk, now=now)


def _stations(city: str, *, office: Any, clerk: Any, now: datetime) -> None:
    """A target that all stations have to meet, one of which does not."""
    found = targets.holding(city).filter(binding="plan.reported.water_class2", place=city).first()
    if found is None:
        return
    targets.settle(found, seen=found.binding, by=office, now=now, owner=found.owner, members=STATIONS)
    for station, value in BY_STATION.items():
        _take("water_class2", city, 2025, value, office=office, clerk=clerk, now=now, member=station)


def _waiting(city: str, *, office: Any, now: datetime) -> None:
    """One value that nobody has taken yet, and one that was sent back."""
    reported.submit(_given("rural_roads", city, 2024, 260, now), by=office, now=now)
    returned = reported.submit(_given("parking_charging", city, 2024, 18, now), by=office, now=now)
    reported.send_back(returned, by=office, now=now, reason="演示：请补充台账")


def _answer(city: str, *, office: Any, now: datetime) -> None:
    """One warning is signed and answered; the others wait, some of them overdue."""
    answered: Warning | None = (
        warnings.of_city(city).filter(record__state="raised", light="red").order_by("-pk").first()
    )
    if answered is not None:
        warnings.acknowledge(answered, seen="raised", by=office, now=now)
        warnings.measure(answered, "演示：责任单位按季调度，年底前补齐差距", seen="acknowledged", by=office, now=now)
