"""Ecological flow of stations against the decisions in force: hours, days, months, by the dated rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import numpy as np
from django.utils import timezone

from dafeng.domains.energy.hydro import reading, rules
from dafeng.domains.energy.hydro.methods import ecoflow
from dafeng.domains.energy.hydro.methods.ecoflow import Codes, Floats, Tally
from dafeng.domains.energy.models import EcoDecision, HydroPoint, HydroStation


def decisions_of(stations: Iterable[HydroStation]) -> dict[int, list[EcoDecision]]:
    """Signed decisions of each station, the one that came into force first in front."""
    found: dict[int, list[EcoDecision]] = defaultdict(list)
    rows = EcoDecision.objects.filter(station__in=[each.pk for each in stations], record__state="signed")
    for row in rows.select_related("record").order_by("since", "pk"):
        found[row.station_id].append(row)
    return found


def threshold_on(decisions: Sequence[EcoDecision], day: date) -> float | None:
    """m³/s that a station must release on a day: the month's value of the last decision in force; None: none was decided."""
    for each in reversed(decisions):
        if each.since <= day:
            value = each.flows[day.month - 1]
            return None if value is None else float(value)
    return None


@dataclass(frozen=True)
class JudgedDay:
    day: date
    hours: Tally
    verdict: str


@dataclass
class Judged:
    """A station's hours from `start` on. `verdict` is that of the stretch, by the rule for months; `rule` that of its last day."""

    station: HydroStation
    start: datetime
    codes: Codes
    flow: Floats
    threshold: Floats
    days: list[JudgedDay] = field(default_factory=list)
    verdict: str = "unset"
    rule: str = ""
    measured: bool = True

    @property
    def hours(self) -> Tally:
        return ecoflow.tally(self.codes)

    def count(self, verdict: str) -> int:
        return sum(day.verdict == verdict for day in self.days)


def judge(
    stations: Sequence[HydroStation], first: date, last: date, *, now: datetime, points: Sequence[HydroPoint] | None = None,
    decisions: Mapping[int, list[EcoDecision]] | None = None,
) -> dict[int, Judged]:  # fmt: skip
    """Each station from the first day on, up to the last hour that is over. Small stations only: the others have no such flow.

    `points`, `decisions`: theirs, where they are at hand.
    """
    small = [each for each in stations if each.kind == HydroStation.Kind.SMALL]
    found = reading.points_of(stations=small, roles=("eco",)) if points is None else [each for each in points if each.role == "eco"]  # fmt: skip
    bound, block = reading.by_station(found), reading.hours(found, first, last, now=now)
    decisions = decisions_of(small) if decisions is None else decisions
    judged = {}
    for station in small:
        point = bound[station.pk].get("eco") if station.pk in bound else None
        judged[station.pk] = _judged(station, block, point, decisions.get(station.pk, []))
    return judged


def _judged(station: HydroStation, block: reading.Block, point: object, decisions: Sequence[EcoDecision]) -> Judged:
    flow, covered = block.of(point, least=0.0), block.covered(point)  # type: ignore[arg-type]
    start = timezone.localtime(block.start).date()
    threshold = np.full(block.count, np.nan)
    codes = np.full(block.count, ecoflow.UNSET, dtype=np.int8)
    days, rule = [], rules.rule_of(start)
    for number in range(-(-block.count // ecoflow.DAY)):
        day, part = start + timedelta(days=number), slice(number * ecoflow.DAY, (number + 1) * ecoflow.DAY)
        rule, value = rules.rule_of(day), threshold_on(decisions, day)
        if value is not None:
            threshold[part] = value
        codes[part] = ecoflow.judge_hours(flow[part], covered[part], threshold[part], rule.rule)
        hours = ecoflow.tally(codes[part])
        days.append(JudgedDay(day, hours, ecoflow.judge_day(hours, rule.rule)))
    verdict = ecoflow.judge_month([each.verdict for each in days], rule.rule)
    return Judged(station, block.start, codes, flow, threshold, days, verdict, rule.id, point is not None)
