"""The dated rules, checklists and reason codes: files read once, chosen by the year of the report."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

WAYS = ("read", "ask", "see", "test")  # 查、问、看、验
HERE = Path(__file__).resolve().parents[1]


@lru_cache(maxsize=1)
def sets() -> tuple[Mapping[str, Any], ...]:
    """All sets of rules, the oldest first."""
    with (HERE / "rules.toml").open("rb") as stream:
        found = tomllib.load(stream)["set"]
    return tuple(sorted(found, key=lambda each: each["first_report_year"]))


def of_year(year: int) -> Mapping[str, Any]:
    """The rules for a report of a year. Raises `LookupError` before the first set: a year without rules is not verified here."""
    found = [each for each in sets() if each["first_report_year"] <= year]
    if not found:
        raise LookupError(year)
    return found[-1]


@lru_cache(maxsize=1)
def reasons() -> Mapping[str, Mapping[str, str]]:
    """Code → `what`, `mend` (how to mend it), and both in English."""
    with (HERE / "reasons.toml").open("rb") as stream:
        return tomllib.load(stream)


@lru_cache(maxsize=1)
def checklist() -> tuple[Mapping[str, Any], ...]:
    """The items to check, in the order of the guideline; `for_sectors` empty: every sector."""
    with (HERE / "checklist.toml").open("rb") as stream:
        return tuple(tomllib.load(stream)["item"])


def checklist_for(sectors: frozenset[str]) -> tuple[Mapping[str, Any], ...]:
    return tuple(
        each for each in checklist() if not each.get("for_sectors") or sectors & frozenset(each["for_sectors"])
    )
