"""What an operation allows beyond the usual: a rate and a size of its own, for programs that sign what they send.

The portal asks before the request is read. Put it between the router and `asks`:

    @router.post("/inclusion/batches")
    @allows(rate="50/s", body_bytes=5 * 1024 * 1024)
    @asks(permissions.SEND)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Limits:
    """Requests of one address (`400/s`), and bytes of a body."""

    rate: str
    body_bytes: int


def allows(*, rate: str, body_bytes: int) -> Callable[[View], View]:
    """Give an operation limits of its own."""

    def mark(view: View) -> View:
        view.limits = Limits(rate, body_bytes)  # type: ignore[attr-defined]
        return view

    return mark


def limits_of(view: Any) -> Limits | None:
    """None where the usual limits hold."""
    found: Limits | None = getattr(view, "limits", None)
    return found
