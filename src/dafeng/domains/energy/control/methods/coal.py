"""Coal substitution: what a project must replace, and what is still free of a cut."""

from __future__ import annotations


def owed(coal: float | None, ratio: float) -> float | None:
    """Tonnes that a project has to replace: its approved coal × the ratio decided for it (1: 等量; above: 减量)."""
    return None if coal is None else coal * ratio


def free(tonnes: float, used: float) -> float:
    """What is left of a cut."""
    return tonnes - used


def exceeds(tonnes: float, free: float) -> bool:
    """Whether more is asked than there is, with a gram of tolerance for floats."""
    return tonnes > free + 1e-6
