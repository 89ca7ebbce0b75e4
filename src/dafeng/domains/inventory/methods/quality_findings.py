"""What a quality check hands back: how much it looked at, what it found, or why it could not look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

Extra = Mapping[str, pl.DataFrame]


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be; `found` is the number that shows it, `expected` what it should be."""

    zh: str
    en: str
    category: str = ""
    place: str = ""
    year: int | None = None
    found: float | None = None
    expected: str = ""


@dataclass(frozen=True)
class Outcome:
    """`checked` counts what was looked at; with nothing checked the rule has not been run, and `why_not` says why."""

    checked: int
    failures: list[Finding] = field(default_factory=list)
    why_not: tuple[str, str] = ("清单中没有这项检查的对象", "the inventory has nothing for this check to look at")


def plain(value: float) -> str:
    """A number for a message: six digits, with separators."""
    return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"
