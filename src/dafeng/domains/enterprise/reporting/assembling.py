"""What a year's report says: boundary, control plan, values with their evidence, parameters, result rows, totals of both boundaries.

`content` is plain JSON (`docs/dev/enterprise-reporting.md` describes it): frozen at submission, read by verification and allocation,
compared by `difference`. Nothing is computed here but sums: the rows come from the sector's method.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from dafeng.domains.enterprise.models import CheckFinding, ControlPlan, Facility, MonthlyValue, Report
from dafeng.domains.enterprise.reporting import activity, boundaries, clock, points, sectoral
from dafeng.domains.enterprise.reporting.boundaries import BOUNDARIES, COMPLIANCE, REPORTING
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records.payloads import plain

SCHEMA = 1


def values_of(facilities: Iterable[Facility], year: int) -> list[MonthlyValue]:
    """The current values of a year, in the order facility, month, item, stream; evidence and persons fetched along."""
    found = MonthlyValue.objects.filter(
        facility__in=[each.pk for each in facilities], month__startswith=str(year), current=True
    )
    order = ("facility__code", "month", "item", "stream")
    return list(found.prefetch_related("facility", "by", "evidence").order_by(*order))


def content_of(report: Report) -> dict[str, Any]:
    """The content of a report as its data are now."""
    return year_content(report.enterprise, report.year) | {"version": report.version, "reason": report.reason}


def facilities_of(enterprise: Enterprise, year: int) -> list[Facility]:
    """The units that lived in the year, whatever boundary they are in, with their installations."""
    return [
        each
        for each in Facility.objects.units().filter(enterprise=enterprise).select_related("parent").order_by("code")
        if boundaries.lives(each, str(year))
    ]


def year_content(enterprise: Enterprise, year: int) -> dict[str, Any]:
    """A year of an enterprise, whether a report on it is open or not."""
    facilities = facilities_of(enterprise, year)
    changes = boundaries.changes_of(facilities)
    values = values_of(facilities, year)
    computed = sectoral.compute(facilities, values, year)
    by_code = {each.code: each for each in facilities}

    def inside(row: dict[str, Any], boundary: str) -> bool:
        facility = by_code[row["facility"]]
        return boundaries.inside(facility, changes.get(facility.pk, ()), row["month"], boundary)

    rows = [
        row | {REPORTING: inside(row, REPORTING), COMPLIANCE: row[COMPLIANCE] and inside(row, COMPLIANCE)}
        for row in computed.rows
    ]
    unsaid = missing(facilities, changes, values, year)
    known = {(each["facility"], each["month"], each["item"], each["stream"]) for each in unsaid}
    computed_open = [
        each
        for each in computed.open
        if (each["facility"], each["month"], each["item"], each["stream"]) not in known
        and (inside(each, REPORTING) or inside(each, COMPLIANCE))
    ]
    return {
        "schema": SCHEMA,
        "year": year,
        "enterprise": {
            name: getattr(enterprise, name)
            for name in ("code", "name", "name_en", "credit_code", "place", "city", "industry")
        },
        "boundary": {
            "facilities": [_facility(each) for each in facilities],
            "changes": [_change(each, row) for each in facilities for row in changes.get(each.pk, ())],
            **_structure(facilities, year),
        },
        "control_plan": _plan(enterprise, year),
        "values": [_value(each) for each in values],
        "parameters": computed.parameters,
        "rows": rows,
        "applied": computed.applied,
        "means": computed.means,
        "indicators": computed.indicators,
        "totals": totals_of(rows),
        "open": [*unsaid, *computed_open],
        "findings": _findings(facilities, year),
    }


def missing(
    facilities: Iterable[Facility], changes: Mapping[int, Any], values: Iterable[MonthlyValue], year: int
) -> list[dict[str, Any]]:
    """The cells that a year still wants, month by month, of facilities inside a boundary then."""
    told: dict[tuple[int, str], set[tuple[str, str]]] = {}
    for each in values:
        if is_told(each):
            told.setdefault((each.facility_id, each.month), set()).add((each.item, each.stream))
    found = []
    for facility in facilities:
        for month in (*clock.months_of(year), str(year)):
            if not any(boundaries.inside(facility, changes.get(facility.pk, ()), month, b) for b in BOUNDARIES):
                continue
            for cell in sectoral.wanted(facility, month):
                if not sectoral.satisfied(facility.sector, cell, told.get((facility.pk, month), ())):
                    found.append(
                        {
                            "facility": facility.code,
                            "sector": facility.sector,
                            "month": month,
                            "item": cell.item,
                            "stream": cell.stream,
                            "title": cell.title,
                            "unit": cell.unit,
                            "kind": "missing",
                        }
                    )
    return found


def is_told(value: MonthlyValue) -> bool:
    """Whether a cell says something: a number, a notation key, or that the guideline's default is taken."""
    return value.value is not None or bool(value.notation) or value.way == MonthlyValue.Way.DEFAULT


def frozen(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content as it is stored and hashed."""
    made: dict[str, Any] = plain(dict(content))
    return made


def totals_of(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Sums in t CO2e of both boundaries, and by facility, month and category.

    What a boundary leaves out is not in its sum; a row without a number makes the sum incomplete and adds nothing.
    """
    kept = list(rows)
    made: dict[str, Any] = {
        boundary: math.fsum(row["t_co2e"] or 0.0 for row in kept if row[boundary]) for boundary in BOUNDARIES
    }
    made["incomplete"] = sum(row["t_co2e"] is None for row in kept if row[REPORTING] or row[COMPLIANCE])
    for group, key in (
        ("facilities", "facility"),
        ("months", "month"),
        ("categories", "category"),
        ("scopes", "scope"),
    ):
        made[group] = {
            value: {
                boundary: math.fsum(row["t_co2e"] or 0.0 for row in kept if row[key] == value and row[boundary])
                for boundary in BOUNDARIES
            }
            for value in sorted({row[key] for row in kept})
        }
    return made


# The mass or volume of a fuel, and its heat by that, as the methods of burning name them.
_BURNT, _HEAT = ("fuel_use", "gas_use"), ("ncv", "ncv_by_volume")
_BOUGHT = {"electricity": "electricity_bought", "heat": "heat_bought"}


def sums_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """What the statistics feed wants of a report, over the reporting boundary.

    emissions: [sector, category, gas, scope, t CO2e]; heat: [sector, fuel, GJ] of what was burnt; bought: [sector, electricity, MWh] and
    [sector, heat, GJ]; activity: see `activity.entries`; lacking: how many things are open or were not computed.
    """
    emissions: dict[tuple[str, ...], list[float]] = {}
    heat: dict[tuple[str, ...], list[float]] = {}
    bought: dict[tuple[str, ...], list[float]] = {}
    for row in content["rows"]:
        if not row[REPORTING]:
            continue
        key = (row["sector"], row["category"], row["gas"], row["scope"])
        emissions.setdefault(key, []).append(row["t_co2e"] or 0.0)
        told = {each["name"]: each["value"] for each in row["inputs"]}
        amount, value = (next((told[name] for name in names if name in told), None) for names in (_BURNT, _HEAT))
        if row["category"] == "combustion" and amount is not None and value is not None:
            heat.setdefault((row["sector"], row["stream"].partition("/")[0]), []).append(amount * value)
        if (amount := told.get(_BOUGHT.get(row["category"], ""))) is not None:
            bought.setdefault((row["sector"], row["category"]), []).append(amount)
    return {
        "emissions": [[*key, math.fsum(parts)] for key, parts in sorted(emissions.items())],
        "heat": [[*key, math.fsum(parts)] for key, parts in sorted(heat.items())],
        "bought": [[*key, math.fsum(parts)] for key, parts in sorted(bought.items())],
        "activity": activity.entries(content),
        "lacking": lacking(content),
    }


def lacking(content: Mapping[str, Any]) -> int:
    """How many things of a report are open or were not computed."""
    return len(content["open"]) + int(content["totals"]["incomplete"])


def _facility(facility: Facility) -> dict[str, Any]:
    return {
        "code": facility.code,
        "name": facility.name,
        "sector": facility.sector,
        "since": facility.since.isoformat(),
        "until": facility.until.isoformat() if facility.until else "",
        "compliance": facility.compliance,
        "facts": facility.facts,
        **({"installation": facility.parent.code} if facility.parent else {}),
    }


def _structure(facilities: list[Facility], year: int) -> dict[str, Any]:
    """The installations above the units, and the measuring points that were in use; each only where there are any."""
    above = {each.parent.code: each.parent for each in facilities if each.parent}
    known, (first, last) = points.of(facilities), clock.bounds(str(year))
    used = [
        {"facility": each.code, **points.words_of(point)}
        for each in facilities
        for point in known.get(each.pk, ())
        if points.in_use(point, first, last)
    ]
    found = {
        "installations": [{"code": each.code, "name": each.name} for _code, each in sorted(above.items())],
        "points": plain(used),
    }
    return {name: rows for name, rows in found.items() if rows}


def _change(facility: Facility, row: Any) -> dict[str, Any]:
    return {
        "facility": facility.code,
        "day": row.day.isoformat(),
        "boundary": row.boundary,
        "inside": row.inside,
        "reason": row.reason,
        "evidence": row.evidence.sha256 if row.evidence else "",
    }


def _plan(enterprise: Enterprise, year: int) -> dict[str, Any] | None:
    plan = ControlPlan.objects.filter(enterprise=enterprise, year=year, record__state="filed").order_by("number").last()
    return {"number": plan.number, "content": plan.content} if plan else None


def _value(value: MonthlyValue) -> dict[str, Any]:
    return {
        "id": value.pk,
        "facility": value.facility.code,
        "month": value.month,
        "item": value.item,
        "stream": value.stream,
        "value": value.value,
        "notation": value.notation,
        "unit": value.unit,
        "way": value.way,
        "source": value.source,
        "tested": value.tested.isoformat() if value.tested else "",
        "revision": value.revision,
        "reason": value.reason,
        "by": value.by.get_username() if value.by else "",
        "at": value.at.isoformat(),
        "evidence": [{"id": e.pk, "name": e.name, "sha256": e.sha256, "sm3": e.sm3} for e in value.evidence.all()],
    }


def _findings(facilities: Iterable[Facility], year: int) -> list[dict[str, Any]]:
    found = CheckFinding.objects.filter(facility__in=[each.pk for each in facilities], month__startswith=str(year))
    return [
        {
            "rule": each.rule,
            "facility": each.facility.code,
            "month": each.month,
            "item": each.item,
            "stream": each.stream,
            "severity": each.severity,
            "facts": each.facts,
            "state": each.state,
            "answer": each.answer,
        }
        for each in found.select_related("facility").order_by("facility__code", "month", "rule", "item", "stream")
    ]


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What changed from one content to another: values, boundary, control plan and totals, each with its old and new words."""
    found: list[dict[str, Any]] = []
    for boundary in BOUNDARIES:
        if old["totals"][boundary] != new["totals"][boundary]:
            found.append(
                {"kind": "total", "where": boundary, "old": old["totals"][boundary], "new": new["totals"][boundary]}
            )
    key = ("facility", "month", "item", "stream")
    before = {tuple(row[name] for name in key): row for row in old["values"]}
    after = {tuple(row[name] for name in key): row for row in new["values"]}
    for cell in sorted(before.keys() | after.keys()):
        a, b = before.get(cell), after.get(cell)
        told = [
            (row["value"], row["notation"], row["way"], _day(row), [e["sha256"] for e in row["evidence"]])
            if row
            else None
            for row in (a, b)
        ]
        if told[0] != told[1]:
            found.append(
                {
                    "kind": "value",
                    "where": list(cell),
                    "old": _told(a),
                    "new": _told(b),
                    "reason": (b or {}).get("reason", ""),
                }
            )
    for name in ("boundary", "control_plan", "parameters"):
        if old[name] != new[name]:
            found.append({"kind": name, "where": "", "old": old[name], "new": new[name]})
    return found  # fmt: skip


def _told(row: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if row is None:
        return None
    kept = {name: row[name] for name in ("value", "notation", "unit", "way")}
    return kept | {"tested": _day(row), "evidence": len(row["evidence"])}


def _day(row: Mapping[str, Any]) -> str:
    """The day of a value's test; contents that were frozen before it was asked for have none."""
    return str(row.get("tested", ""))
