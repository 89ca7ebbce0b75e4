"""The demonstration: each room's `ensure_demo(city, *, now)`, in the order in which they build on each other; then, in the background, the
whole year before (`cycle`).

Nothing here is a fact about the city: firms, meters and reports are made up and marked 演示. Calling it again changes nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from dafeng.domains.enterprise import cycle
from dafeng.domains.enterprise.compliance.demo import CYCLE
from dafeng.domains.enterprise.reporting import feed
from dafeng.domains.enterprise.rooms import brought
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.jobs import services as jobs
from dafeng.kernel.jobs.models import Job
from dafeng.kernel.records import services as records


def ensure_demo(city: str, *, now: datetime) -> Job | None:
    """`city` is the six-digit code of the city. Answers the job that lays the whole year, while there is something left to lay."""
    for demo in brought("demo", "ensure_demo"):
        demo(city, now=now)
    today = timezone.localdate(now)
    year = today.year - 1
    if feed.counting(city, year) and indicators.current_run("enterprise", "feed", city) is None:
        feed.publish(city, year, by=_bureau(city), now=now)
    if not cycle.waiting(city, today=today):
        return None
    return jobs.start(CYCLE, by=_bureau(city), now=now, parameters={"city": city}, key=city)


def _bureau(city: str) -> Any:
    people = sorted(records.people_of(roles=["ecology"], places=[city]), key=lambda each: each.get_username())
    return next(iter(people), None)
