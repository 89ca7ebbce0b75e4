"""Approved projects as the energy review publishes them on the blackboard: what each county's forecast has to expect.

The review tells a county's new energy by the year of operation; `lineage["parts"]` says of which projects it is made and in which
month each begins. A value without parts is one project that has no month: it is listed and not added.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from dafeng.domains.energy.control import rules
from dafeng.domains.energy.control.city import place_subject
from dafeng.domains.energy.control.methods.coming import Part
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.indicators.errors import IndicatorError
from dafeng.kernel.indicators.models import Indicator

DOMAIN, KIND = "enterprise", "review"


def parts_of(city: str, quantity: str, *, subjects: Iterable[str] | None = None) -> Mapping[str, tuple[Part, ...]]:
    """Subject (a county, and the city as the sum of its counties) → its projects. Two questions to the database."""
    code = rules.quantities()[quantity].coming
    asked = None if subjects is None else set(subjects)
    if not code or (asked is not None and not any(each.startswith("place:") for each in asked)):
        return {}
    if not Indicator.objects.filter(code=code).exists():
        return {}
    try:
        frame = indicators.values(code, domain=DOMAIN, kind=KIND, run_subject=city)
    except IndicatorError:
        return {}  # two current runs answer differently: which one holds is not for this room to choose
    whole = place_subject(city)
    found: dict[str, list[Part]] = {}
    for row in frame.filter(frame["value"].is_not_null()).iter_rows(named=True):
        parts = _parts(row)
        for subject in {place_subject(row["subject"]), whole}:
            if asked is None or subject in asked:
                found.setdefault(subject, []).extend(parts)
    return {subject: tuple(parts) for subject, parts in found.items()}


def _parts(row: Mapping[str, Any]) -> list[Part]:
    told = json.loads(row["lineage"]).get("parts") or [{"number": "", "name": "", "amount": row["value"]}]
    given = [
        Part(
            each["number"], each["name"], each["amount"], int(row["period"]), each.get("approved", ""), each.get("planned", ""),
            each.get("since", ""), bool(each.get("building")),
        )
        for each in told
    ]  # fmt: skip
    assert abs(sum(each.year_amount for each in given) - row["value"]) < 1e-6 * max(1.0, abs(row["value"])), (
        "parts make the whole"
    )
    return given
