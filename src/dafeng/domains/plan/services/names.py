"""Names of those who own targets and warnings: departments of the register, and places."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from dafeng.domains.plan.reading.register import departments


@cache
def department_names() -> dict[str, str]:
    """Id in the register → usual name."""
    return {each.id: each.name for each in departments()}


def department_name(owner: str, places: Mapping[str, str] | None = None) -> str:
    """A department's or a place's name; the code itself where it is neither."""
    return department_names().get(owner) or (places or {}).get(owner) or owner
