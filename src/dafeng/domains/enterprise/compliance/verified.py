"""What compliance reads of reporting and verification: the report that counts, its verified emissions, what its units did.

What counts is the verified number (`verification.concluding.counted`): where a non-conformity was not corrected it is the conservative
estimate, not what the firm reported. A report whose verification was overturned or still runs has no number until there is a new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Subquery

from dafeng.domains.enterprise.models import Report, Verification
from dafeng.domains.enterprise.verification import concluding
from dafeng.kernel.enterprises.models import Enterprise


@dataclass(frozen=True)
class Figure:
    """Emissions of a firm's year in t. `basis`: passed | conservative | spot (the city's check) | unverified (nobody verified the locked report here) | open."""

    basis: str
    tonnes: float | None
    reported: float | None  # what stood before: the report's, or the verifier's where the city's check changed it
    whole: float | None = None  # the reporting boundary, as verified


def locked(enterprise: Enterprise, year: int) -> Report | None:
    """The version that counts (contract: `reporting.reports.locked`)."""
    return Report.objects.filter(enterprise=enterprise, year=year, record__state="locked").select_related("record").first()  # fmt: skip


def figures(**mine: Any) -> dict[tuple[int, int], Figure]:
    """(enterprise, year) → the number that counts, of all locked reports that the filter finds: one question."""
    told = Verification.objects.filter(report=OuterRef("pk")).exclude(record__state="revoked")
    last = told.filter(record__state="confirmed").order_by("-told_at")
    rows = Report.objects.filter(**mine, record__state="locked").values_list(
        "enterprise", "year", "emissions", "emissions_compliance", Exists(told), Subquery(last.values("conclusion")[:1]),
        Subquery(last.values("emissions_compliance")[:1]), Subquery(last.values("emissions")[:1]),
        Subquery(concluding.adjusted(OuterRef("pk")).values("tonnes")[:1]),
    )  # fmt: skip
    found = {}
    for firm, year, whole, tonnes, asked, conclusion, counted, counted_whole, spot in rows:
        if conclusion and spot is not None:
            found[firm, year] = Figure("spot", spot, counted, counted_whole)
        elif conclusion:
            found[firm, year] = Figure(conclusion, counted, tonnes, counted_whole)
        elif asked:
            found[firm, year] = Figure("open", None, tonnes)
        else:
            found[firm, year] = Figure("unverified", tonnes, tonnes, whole)
    return found


def figure_of(report: Report) -> Figure:
    return figures(pk=report.pk)[report.enterprise_id, report.year]


def allocation_units(report: Report) -> list[dict[str, Any]]:
    """`units_of` with the verified emissions and production of each facility."""
    return units_of(report, concluding.facilities_of(report), concluding.figures_of(report))


# Classes as reporting's facilities name them → classes of the rule sets; sectors of industry have one class each.
CLASSES = {
    "conventional_over_300": "coal_large", "conventional_up_to_300": "coal_small", "unconventional": "coal_other",
    "cement": "cement", "iron_steel": "steel", "aluminium": "aluminium",
}  # fmt: skip
# Our column → the report's figure of the year, and the places that are kept.
FIGURES = {"output": ("power_supplied", 3), "heat": ("heat_supplied", 3), "heat_ratio": ("heat_ratio", 4), "load_factor": ("load_factor", 4)}  # fmt: skip
HEAT_ITEMS = ("boiler_heat", "direct_heat", "indirect_heat", "heat_supplied")


def units_of(
    report: Report,
    verified: Mapping[str, float] | None = None,
    produced: Mapping[str, Mapping[str, float]] | None = None,
) -> list[dict[str, Any]]:
    """Rows for `allocate` out of a report's frozen content: facts of each facility, the year's figures, its emissions.

    `verified`: facility → t of the compliance boundary where verification arrived at another number than the report; `produced`: the same
    of its production figures, ratios as plain numbers.
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
        row |= _figures(content, facility["code"], report.year, (produced or {}).get(facility["code"], {}))
        mine = (verified or {}).get(facility["code"], emissions.get(facility["code"], {}).get("compliance"))
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


def _figures(content: Mapping[str, Any], facility: str, year: int, produced: Mapping[str, float]) -> dict[str, float]:
    told = {
        row["indicator"]: row["value"] / 100 if row["unit"] == "%" else row["value"]
        for row in content.get("indicators", ())
        if row["facility"] == facility and row["month"] == str(year) and row["value"] is not None
    } | dict(produced)
    found = {column: round(float(told[code]), places) for column, (code, places) in FIGURES.items() if code in told}
    heated = any(row["facility"] == facility and row["item"] in HEAT_ITEMS and row.get("value") for row in content.get("values", ()))  # fmt: skip
    if "output" in found and "heat" not in found and not heated:
        found |= {"heat": 0.0, "heat_ratio": 0.0}
    return found
