"""The demonstration: each room's `ensure_demo(programme, now=…)`, in the order in which they build on each other.

Nothing here is a fact about the city: partners, members and events are made up and marked 演示. Calling it again changes nothing.
"""

from __future__ import annotations

from datetime import datetime

from dafeng.domains.inclusion.models import Programme
from dafeng.domains.inclusion.rooms import brought


def ensure_demo(programme: Programme, *, now: datetime) -> None:
    for demo in brought("demo", "ensure_demo"):
        demo(programme, now=now)
