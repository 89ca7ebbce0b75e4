"""Keeping the register."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dafeng.kernel.enterprises.models import Enterprise

_WORDS = ("name", "name_en", "credit_code", "place", "industry", "organisation", "park")


def ensure(city: str, rows: Iterable[Mapping[str, str]], *, demo: bool = False) -> list[Enterprise]:
    """Make or bring up to date the enterprises of a list (`code`, `name`, `place` and what else is known); none is removed."""
    found = []
    for row in rows:
        words = {name: row[name] for name in _WORDS if name in row}
        enterprise, _made = Enterprise.objects.update_or_create(
            code=row["code"], defaults={**words, "city": city, "demo": demo}
        )
        found.append(enterprise)
    return found
