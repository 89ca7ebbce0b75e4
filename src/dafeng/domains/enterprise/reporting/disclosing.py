"""What a locked report tells everybody. Power guideline 2021, chapter 12: basic data, units, how the calorific value and carbon content
came about, emissions per unit, changes. Activity data themselves are the enterprise's and stay with it.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db.models import QuerySet

from dafeng.domains.enterprise.models import Report
from dafeng.domains.enterprise.reporting import lineage, sectoral

# How these came about is told to everybody: tested, or the guideline's default.
TOLD_ITEMS = frozenset({"ncv", "carbon_content", "elemental_carbon", "net_calorific_value"})


def disclosed() -> QuerySet[Report]:
    """Locked versions: one a year and enterprise."""
    return Report.objects.filter(record__state="locked").order_by("-year", "enterprise__code")


def public_part(report: Report) -> dict[str, Any]:
    """Units with their emissions, sums by category, how values came about, changes of the boundary; no activity data."""
    content = report.content
    totals = content["totals"]
    return {
        "totals": totals,
        "units": [
            {
                "name": each["name"],
                "sector": sectoral.sector_title(each["sector"]),
                "since": each["since"],
                "until": each["until"],
                **totals["facilities"].get(each["code"], {"reporting": 0.0, "compliance": 0.0}),
            }
            for each in content["boundary"]["facilities"]
        ],
        "categories": [{"title": lineage.category_title(code), **sums} for code, sums in totals["categories"].items()],
        "ways": _ways(content),
        "changes": content["boundary"]["changes"],
        "digest": report.digest,
        "demo": report.demo,
    }


def _ways(content: dict[str, Any]) -> list[dict[str, Any]]:
    """Calorific value and carbon: for each unit in how many months they were tested, and in how many the default stood."""
    sectors = {each["code"]: each for each in content["boundary"]["facilities"]}
    tested: Counter[tuple[str, str]] = Counter()
    default: Counter[tuple[str, str]] = Counter()
    for value in content["values"]:
        if value["item"] in TOLD_ITEMS and value["value"] is not None:
            tested[value["facility"], value["item"]] += 1
    for row in content["applied"]:
        if row["item"] in TOLD_ITEMS:
            default[row["facility"], row["item"]] += 1
    return [
        {
            "unit": sectors[facility]["name"],
            "item": sectoral.title_of(sectors[facility]["sector"], item),
            "tested": tested[facility, item],
            "default": default[facility, item],
        }
        for facility, item in sorted(tested.keys() | default.keys())
    ]
