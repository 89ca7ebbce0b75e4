"""The demonstration: each room's `ensure_demo(city, *, now)`, in the order in which they build on each other.

Nothing here is a fact about the city: firms, meters and reports are made up and marked 演示. Calling it again changes nothing.
"""

from __future__ import annotations

from datetime import datetime

from dafeng.domains.enterprise.rooms import brought


def ensure_demo(city: str, *, now: datetime) -> None:
    """`city` is the six-digit code of the city."""
    for demo in brought("demo", "ensure_demo"):
        demo(city, now=now)
