"""What a unit still lacks, in the order in which it is told: facts, fuels and materials, measuring points, words of the control plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dafeng.domains.enterprise.models import BoundaryChange, Facility, MeasuringPoint
from dafeng.domains.enterprise.reporting import boundaries, plans, points, sectoral, summary


@dataclass(frozen=True)
class Lack:
    """`part`: where on the unit's page it is mended."""

    what: str
    part: str


def of(
    facility: Facility,
    *,
    changes: Iterable[BoundaryChange],
    held: Iterable[MeasuringPoint],
    lines: Iterable[Mapping[str, Any]],
    today: date,
) -> list[Lack]:
    """What is missing of a unit that runs today; `lines` are those of the control plan, none where there is no plan."""
    if facility.since > today or (facility.until and facility.until < today):
        return []
    found, year = [], max(today.year - 1, facility.since.year)
    if boundaries.inside(facility, changes, str(year), boundaries.COMPLIANCE) and (
        names := summary.facts_lacking(facility.sector, facility.facts, year)
    ):
        found.append(Lack(_("没有登记%(facts)s") % {"facts": "、".join(names)}, "facts"))
    if sectoral.stream_choices(facility.sector) and not any(sectoral.streams_of(facility).values()):
        found.append(Lack(_("没有选定燃料和物料"), "streams"))
    in_use = [each for each in held if points.in_use(each, today, today)]
    if not in_use:
        found.append(Lack(_("没有测点"), "points"))
    if late := sum(points.ran_out(each, today) for each in in_use):
        found.append(Lack(ngettext("%(count)s 个测点已过检定期", "%(count)s 个测点已过检定期", late) % {"count": late}, "points"))  # fmt: skip
    if bare := sum(plans.untold(each) for each in lines):
        found.append(Lack(ngettext("控制方案有 %(count)s 项没有写全", "控制方案有 %(count)s 项没有写全", bare) % {"count": bare}, "plan"))  # fmt: skip
    return found
