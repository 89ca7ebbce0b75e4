"""Units of which no allowances can be worked out, because nobody told their class or cooling: which, of whom, and where that is mended.

While a year's report is open the firm tells the facts of its unit. A locked report is not changed: the bureau then types the units.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Subquery
from django.urls import reverse

from dafeng.domains.enterprise.models import Allocation, Covered, Facility, Report
from dafeng.domains.enterprise.reporting import boundaries, summary
from dafeng.domains.enterprise.reporting.desk import facts_page
from dafeng.kernel.enterprises.models import Enterprise


@dataclass(frozen=True)
class Missing:
    """`facts`: what they are called. `locked`: the report that counts is without them, so that the bureau has to type the units."""

    enterprise: Enterprise
    unit: str
    facts: tuple[str, ...]
    href: str
    locked: bool


def waiting(year: int) -> list[Enterprise]:
    """The firms on a year's list that have no final allocation."""
    final = Allocation.objects.filter(year=year, stage=Allocation.Stage.FINAL).values("enterprise")
    listed = Covered.objects.filter(year=year).exclude(enterprise__in=final).select_related("enterprise")
    return [each.enterprise for each in listed.order_by("enterprise__code")]


def of(waiting: Iterable[Enterprise], year: int) -> list[Missing]:
    """Of firms that wait for a year's final allocation; one question however many there are."""
    firms = {each.pk: each for each in waiting}
    if not firms:
        return []
    told = Report.objects.filter(enterprise=OuterRef("enterprise"), year=year, record__state="locked").values("content__boundary__facilities")  # fmt: skip
    asked = Facility.objects.units().filter(enterprise__in=firms).select_related("enterprise")
    locked = {"locked": Exists(told), "frozen": Subquery(told[:1])}
    units, changes = boundaries.with_changes(asked.annotate(**locked))
    found = [
        Missing(unit.enterprise, unit.name, tuple(names), facts_page(unit), locked=False)
        for unit, names in summary.lacking([each for each in units if not each.locked], year, changes)
    ]
    for pk, frozen in {each.enterprise_id: each.frozen for each in units if each.locked}.items():
        found += _frozen(firms[pk], year, frozen or ())
    return sorted(found, key=lambda each: (each.enterprise.code, each.unit))


def _frozen(enterprise: Enterprise, year: int, told: Sequence[dict[str, object]]) -> list[Missing]:
    """Units of a locked report, as it is frozen."""
    form = reverse("enterprise:compliance-allocate", kwargs={"code": enterprise.code, "year": year})
    inside = [each for each in told if each.get("compliance")]
    return [
        Missing(enterprise, str(each.get("name") or each["code"]), tuple(names), form, locked=True)
        for each in inside
        if (names := summary.facts_lacking(str(each.get("sector", "")), each.get("facts"), year))
    ]
