"""What compliance reads of reporting: the report that counts, and what its units did in the year."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dafeng.domains.enterprise.models import Facility, Report
from dafeng.kernel.enterprises.models import Enterprise


def locked(enterprise: Enterprise, year: int) -> Report | None:
    """The version that counts (contract: `reporting.reports.locked`)."""
    return Report.objects.filter(enterprise=enterprise, year=year, record__state="locked").select_related("record").first()  # fmt: skip


def by_year(enterprise: Enterprise) -> dict[int, float]:
    """Locked years → t of the compliance boundary; a year without that sum is left out."""
    rows = Report.objects.filter(enterprise=enterprise, record__state="locked", emissions_compliance__isnull=False)
    return dict(rows.values_list("year", "emissions_compliance"))


# What a power unit's row of `allocate` is made of: our column → items of the report, and whether months add up or are weighted by output.
SUMS = {"output": ("power_supplied", "supplied_power"), "heat": ("heat_supplied", "supplied_heat")}
MEANS = {"heat_ratio": ("heat_ratio",), "load_factor": ("load_factor",)}


def units_of(report: Report) -> list[dict[str, Any]]:
    """Rows for `allocate` out of a report's frozen content: facts of each facility and sums of its months.

    What the report does not tell stays out of the row, so that the allocation says what is missing.
    """
    rows: list[dict[str, Any]] = []
    values = report.content.get("values", ())
    emissions = _emissions(report.content)
    for facility in Facility.objects.filter(enterprise=report.enterprise, compliance=True).order_by("code"):
        facts = {name: fact(facility, name, report.year) for name in ("class", "cooling", "capacity")}
        if not facts["class"]:
            continue
        mine = [each for each in values if each.get("facility") == facility.code and each.get("value") is not None]
        row: dict[str, Any] = {"unit": facility.code, "name": facility.name, **{k: v for k, v in facts.items() if v}}
        for column, items in SUMS.items():
            found = [float(each["value"]) for each in mine if each.get("item") in items]
            if found:
                row[column] = round(sum(found), 3)
        for column, items in MEANS.items():
            if (mean := _mean(mine, items)) is not None:
                row[column] = mean
        if facility.code in emissions:
            row["emissions"] = emissions[facility.code]
        rows.append(row)
    return rows


def fact(facility: Facility, name: str, year: int) -> Any:
    """The value of a dated fact at the end of a year."""
    told = facility.facts.get(name)
    if not isinstance(told, list):
        return told
    before = [value for since, value in sorted(told) if str(since)[:4] <= str(year)]
    return before[-1] if before else None


def _mean(values: list[Mapping[str, Any]], items: tuple[str, ...]) -> float | None:
    """The mean of months, weighted by the output of each month where that is told (2021 guideline, A.24)."""
    weights = {each["month"]: float(each["value"]) for each in values if each.get("item") in SUMS["output"]}
    found = [(float(each["value"]), weights.get(each["month"], 0.0)) for each in values if each.get("item") in items]
    if not found:
        return None
    total = sum(weight for _, weight in found)
    mean = sum(v * w for v, w in found) / total if total else sum(v for v, _ in found) / len(found)
    return round(mean / 100 if mean > 1 else mean, 4)


def _emissions(content: Mapping[str, Any]) -> dict[str, float]:
    """t of the compliance boundary by facility."""
    found = content.get("totals", {}).get("facilities", {})
    if not isinstance(found, Mapping):
        return {}
    return {code: float(each["compliance"]) for code, each in found.items() if isinstance(each, Mapping) and each.get("compliance") is not None}  # fmt: skip
