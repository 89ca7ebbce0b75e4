"""The demonstration: each room's `ensure_demo(city, *, now)`, in the order in which they build on each other.

Nothing here is a fact about the city: firms, meters and reports are made up and marked 演示. Calling it again changes nothing.
"""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from dafeng.domains.enterprise.reporting import feed
from dafeng.domains.enterprise.rooms import brought
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.records import services as records


def ensure_demo(city: str, *, now: datetime) -> None:
    """`city` is the six-digit code of the city."""
    for demo in brought("demo", "ensure_demo"):
        demo(city, now=now)
    year = timezone.localdate(now).year - 1
    if feed.counting(city, year) and indicators.current_run("enterprise", "feed", city) is None:
        bureau = sorted(records.people_of(roles=["ecology"], places=[city]), key=lambda each: each.get_username())
        feed.publish(city, year, by=next(iter(bureau), None), now=now)
