"""What reviewed projects will add (`review.energy.new`, `review.carbon.new`), told beside a target's forecast and never in it.

The trend of past years holds the projects of those years already: to add the next ones would count an ordinary year's growth twice. A
project is told at full load from its first year and by the heat of its energies, while a plan's energy counts electricity at equal
value; and an intensity would need the projects' value added too, which nobody publishes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from dafeng.domains.plan.models import Target
from dafeng.domains.plan.services.city import counties_of
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.indicators.models import Indicator

ENERGY, CARBON = "review.energy.new", "review.carbon.new"
_OF = {"plan.intensity.energy": ENERGY, "energy.consumption.equal_value": ENERGY, "plan.intensity.co2": CARBON}


@dataclass(frozen=True)
class Announced:
    """New use of a year at full load, in `unit`, of the projects that begin to run from `first` to `last`."""

    code: str
    value: float
    unit: str
    first: int
    last: int
    projects: tuple[str, ...]


def of(target: Target, *, observed: int | None) -> Announced | None:
    """The projects of the target's place that begin after the last `observed` year, up to the target's own; None where there are none."""
    code = _OF.get(target.binding.partition("|")[0])
    if code is None or target.subject or target.year is None or not Indicator.objects.filter(code=code).exists():
        return None
    places = [target.place, *(counties_of(target.plan.city) if target.place == target.plan.city else ())]
    found = [
        row
        for row in indicators.values(code, subject=places).iter_rows(named=True)
        if (observed or 0) < int(row["period"][:4]) <= target.year and row["value"]
    ]
    if not found:
        return None
    years = [int(row["period"][:4]) for row in found]
    projects = {number for row in found for number in json.loads(row["lineage"] or "{}").get("projects", ())}
    return Announced(
        code, sum(row["value"] for row in found), found[0]["unit"], min(years), max(years), tuple(sorted(projects))
    )
