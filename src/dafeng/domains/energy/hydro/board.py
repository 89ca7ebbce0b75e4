"""The state of stations as one person may see it: the shared part for all on the river, power only where it may be seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from dafeng.domains.energy.hydro import compliance, permissions, reading
from dafeng.domains.energy.hydro.reading import Latest
from dafeng.domains.energy.models import EcoDecision, HydroGauge, HydroPoint, HydroStation

SHARED = ("level", "inflow", "eco")
PRIVATE = ("power",)


@dataclass(frozen=True)
class State:
    """A station now. `now`: code of `words.NOW`; `power` None also where this person may not see it: then `full` and `open` tell."""

    station: HydroStation
    readings: dict[str, Latest]
    threshold: float | None
    now: str
    full: bool
    open: bool

    def value(self, role: str) -> float | None:
        found = self.readings.get(role)
        return None if found is None else found.value

    @property
    def share(self) -> float | None:
        """Release over what was decided."""
        eco = self.value("eco")
        return None if eco is None or not self.threshold else eco / self.threshold


def states(
    stations: Sequence[HydroStation], user: Any, *, today: date, now: datetime, points: Sequence[HydroPoint] | None = None,
    decisions: Mapping[int, list[EcoDecision]] | None = None,
) -> list[State]:  # fmt: skip
    """Each station with its newest readings, in the order given. `points`, `decisions`: theirs, where they are at hand."""
    whole = reading.points_of(stations=stations) if points is None else points
    found = [each for each in whole if each.role in (*SHARED, *PRIVATE) and each.station_id is not None]
    newest = reading.latest(found, now=now)
    decisions = compliance.decisions_of(stations) if decisions is None else decisions
    told = []
    for station in stations:
        full, open_ = permissions.sees_in_full(user, station), permissions.sees_power(user, station)
        own = [each for each in found if each.station_id == station.pk and (open_ or each.role in SHARED)]
        readings: dict[str, Latest] = {}
        for each in own:
            if each.pk not in newest:
                continue
            one = newest[each.pk]
            former = readings.get(each.role)
            # Machines add up; a station is as late as its latest machine.
            readings[each.role] = one if former is None else Latest(former.value + one.value, min(former.at, one.at), former.late or one.late)  # fmt: skip
        threshold = compliance.threshold_on(decisions.get(station.pk, []), today)
        bound = any(each.station_id == station.pk and each.role == "eco" for each in found)
        told.append(
            State(station, readings, threshold, _now(station, readings.get("eco"), threshold, bound), full, open_)
        )
    return told


def _now(station: HydroStation, eco: Latest | None, threshold: float | None, bound: bool) -> str:
    if station.stage != HydroStation.Stage.RUNNING:
        return "idle"
    if threshold is None:
        return "unset"
    if not bound:
        return "none"
    if eco is None or eco.late:
        return "late"
    return "met" if eco.value >= threshold else "short"


def gauges(
    rows: Sequence[HydroGauge], *, now: datetime, points: Sequence[HydroPoint] | None = None
) -> list[dict[str, Any]]:
    """Each gauge with its newest readings and whether it stands above its alert level."""
    whole = reading.points_of(gauges=rows) if points is None else points
    found = [each for each in whole if each.gauge_id is not None]
    newest = reading.latest(found, now=now)
    told = []
    for gauge in rows:
        own = {each.role: newest[each.pk] for each in found if each.gauge_id == gauge.pk and each.pk in newest}
        level = own.get("level")
        alert = bool(level and gauge.alert_level is not None and level.value >= gauge.alert_level)
        told.append({"gauge": gauge, "readings": own, "alert": alert, "late": any(each.late for each in own.values())})
    return told
