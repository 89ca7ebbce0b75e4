"""A firm's place among the values of a limit standard: over the limit, within it, fit for access, advanced. Lower is better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Place = Literal["over", "within", "access", "advanced", "unknown"]


@dataclass(frozen=True)
class Limits:
    """Values in the product's unit; None where no text was at hand."""

    limit: float | None
    access: float | None
    advanced: float | None


def place_of(value: float, limits: Limits) -> Place:
    """The best level that is proved; `unknown` where the values at hand prove neither a level nor an excess."""
    if limits.advanced is not None and value <= limits.advanced:
        return "advanced"
    if limits.access is not None and value <= limits.access:
        return "access"
    if limits.limit is None:
        return "unknown"
    return "over" if value > limits.limit else "within"


def to_save(value: float, limits: Limits) -> float | None:
    """How much per unit of product has to be saved to come back within the limit; 0 when it is; None without a limit."""
    return None if limits.limit is None else max(value - limits.limit, 0.0)
