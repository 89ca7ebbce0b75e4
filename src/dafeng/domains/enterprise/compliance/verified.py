"""What compliance reads of reporting: the report that counts, and what its units did in the year."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dafeng.domains.enterprise.models import Report
from dafeng.kernel.enterprises.models import Enterprise


def locked(enterprise: Enterprise, year: int) -> Report | None:
    """The version that counts (contract: `reporting.reports.locked`)."""
    return Report.objects.filter(enterprise=enterprise, year=year, record__state="locked").select_related("record").first()  # fmt: skip


def by_year(enterprise: Enterprise) -> dict[int, float]:
    """Locked years → t of the compliance boundary; a year without that sum is left out."""
    rows = Report.objects.filter(enterprise=enterprise, record__state="locked", emissions_compliance__isnull=False)
    return dict(rows.values_list("year", "emissions_compliance"))


# Classes as reporting's facilities name them → classes of the rule sets; sectors of industry have one class each.
CLASSES = {
    "conventional_over_300": "coal_large", "conventional_up_to_300": "coal_small", "unconventional": "coal_other",
    "cement": "cement", "iron_steel": "steel", "aluminium": "aluminium",
}  # fmt: skip
# Our column → the report's figure of the year, and the places that are kept.
FIGURES = {"output": ("power_supplied", 3), "heat": ("heat_supplied", 3), "heat_ratio": ("heat_ratio", 4), "load_factor": ("load_factor", 4)}  # fmt: skip
HEAT_ITEMS = ("boiler_heat", "direct_heat", "indirect_heat", "heat_supplied")


def units_of(report: Report) -> list[dict[str, Any]]:
    """Rows for `allocate` out of a report's frozen content: facts of each facility, the year's figures, its emissions.

    What the report does not tell stays out of the row, so that the allocation says what is missing. A power unit of which no heat was
    told in any form supplied none.
    """
    content, rows = report.content, []
    emissions = content.get("totals", {}).get("facilities", {})
    for facility in content.get("boundary", {}).get("facilities", ()):
        if not facility.get("compliance"):
            continue
        facts = {name: fact(facility.get("facts", {}), name, report.year) for name in ("class", "cooling")}
        told = str(facts["class"] or facility.get("sector", ""))
        row: dict[str, Any] = {
            "unit": facility["code"],
            "name": facility.get("name", ""),
            "class": CLASSES.get(told, told),
        }
        if facts["cooling"]:
            row["cooling"] = facts["cooling"]
        row |= _figures(content, facility["code"], report.year)
        mine = emissions.get(facility["code"], {}).get("compliance")
        if mine is not None:
            row["emissions"] = round(float(mine), 3)
        rows.append(row)
    return rows


def fact(facts: Mapping[str, Any], name: str, year: int) -> Any:
    """The value of a dated fact at the end of a year."""
    told = facts.get(name)
    if not isinstance(told, list):
        return told
    before = [value for since, value in sorted(told) if str(since)[:4] <= str(year)]
    return before[-1] if before else None


def _figures(content: Mapping[str, Any], facility: str, year: int) -> dict[str, float]:
    told = {
        row["indicator"]: row["value"] / 100 if row["unit"] == "%" else row["value"]
        for row in content.get("indicators", ())
        if row["facility"] == facility and row["month"] == str(year) and row["value"] is not None
    }
    found = {column: round(float(told[code]), places) for column, (code, places) in FIGURES.items() if code in told}
    heated = any(row["facility"] == facility and row["item"] in HEAT_ITEMS and row.get("value") for row in content.get("values", ()))  # fmt: skip
    if "output" in found and "heat" not in found and not heated:
        found |= {"heat": 0.0, "heat_ratio": 0.0}
    return found
