"""The market's rules as data (`rules.toml`), and the factors of event footprints (`event_factors.toml`)."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

_HOME = Path(__file__).parent


@lru_cache(maxsize=1)
def all_rules() -> dict[str, Any]:
    with (_HOME / "rules.toml").open("rb") as stream:
        return tomllib.load(stream)


def rule(table: str, name: str) -> Any:
    return all_rules()[table][name]


@lru_cache(maxsize=1)
def event_factors() -> dict[str, dict[str, Any]]:
    """Code → group, title, unit, grams per unit (absent: a gap), source, standing; in the order of the file."""
    with (_HOME / "event_factors.toml").open("rb") as stream:
        return tomllib.load(stream)
