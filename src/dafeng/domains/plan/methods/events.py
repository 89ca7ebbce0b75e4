"""Milestones that a series of emissions tells: the peak, and net zero.

A peak is known only afterwards. No official rule says how long after; `CALM` years without a new high is a convention of
the platform, so every answer is DEGRADED until somebody signs it. A high that is younger than that leaves later years
open: not 0, not 1, missing.
"""

from __future__ import annotations

from collections.abc import Iterable

from dafeng.domains.plan.methods.observations import Observation, yearly
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.errors import PlanError

CALM = 5
PEAK, NET_ZERO = "peak", "net_zero"
EVENTS = (PEAK, NET_ZERO)


def event_observations(history: Iterable[Observation], *, event: str, unit: str, calm: int = CALM) -> list[Observation]:
    """Yearly observations of a milestone, unit 1: 1 it has happened, 0 it has not, None it cannot be told yet."""
    if event not in EVENTS:
        raise PlanError(f"不认识的事件“{event}”", expected="、".join(EVENTS))
    points = yearly(history, unit=unit, how="sum").points
    if not points:
        return []
    status = Status(max(Status.DEGRADED, *(point.status for point in points)))
    if event == NET_ZERO:
        return [Observation(p.period, float(p.value <= 0), "1", status, "", p.estimated) for p in points]
    highest = max(points, key=lambda point: (point.value, point.at))
    known = points[-1].at - highest.at >= calm
    after = 1.0 if known else None
    return [
        Observation(
            p.period,
            0.0 if p.at < highest.at else after,
            "1",
            status,
            "" if p.at < highest.at or known else "NE",
            p.estimated,
        )
        for p in points
    ]
