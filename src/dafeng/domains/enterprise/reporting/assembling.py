"""What a year's report says: boundary, control plan, values with their evidence, parameters, result rows, totals of both boundaries.

`content` is plain JSON (`docs/dev/enterprise-reporting.md` describes it): frozen at submission, read by verification and allocation,
compared by `difference`. Nothing is computed here but sums: the rows come from the sector's method.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dafeng.domains.enterprise.models import CheckFinding, ControlPlan, Facility, MonthlyValue, Report
from dafeng.domains.enterprise.reporting import boundaries, sectoral
from dafeng.domains.enterprise.reporting.boundaries import COMPLIANCE, REPORTING
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records.payloads import plain

SCHEMA = 1


def values_of(facilities: Iterable[Facility], year: int) -> list[MonthlyValue]:
    """The current values of a year, in the order facility, month, item, stream; evidence and persons fetched along."""
    found = MonthlyValue.objects.filter(
        facility__in=[each.pk for each in facilities], month__startswith=str(year), current=True
    )
    order = ("facility__code", "month", "item", "stream")
    return list(found.select_related("facility", "by").prefetch_related("evidence").order_by(*order))


def content_of(report: Report) -> dict[str, Any]:
    """The content of a report as its data are now."""
    return year_content(report.enterprise, report.year) | {"version": report.version, "reason": report.reason}


def year_content(enterprise: Enterprise, year: int) -> dict[str, Any]:
    """A year of an enterprise, whether a report on it is open or not."""
    facilities = [
        each
        for each in Facility.objects.filter(enterprise=enterprise).order_by("code")
        if each.since.year <= year and (each.until is None or each.until.year >= year)
    ]
    changes = boundaries.changes_of(facilities)
    values = values_of(facilities, year)
    computed = sectoral.compute(facilities, values, year)
    rows = [
        row
        | {
            REPORTING: boundaries.inside(row["unit"], changes.get(row["unit"].pk, ()), row["month"], REPORTING),
            COMPLIANCE: row[COMPLIANCE]
            and boundaries.inside(row["unit"], changes.get(row["unit"].pk, ()), row["month"], COMPLIANCE),
        }
        for row in computed.rows
    ]
    rows = [{name: value for name, value in row.items() if name != "unit"} for row in rows]
    inside = {
        (each.code, month)
        for each in facilities
        for month in [str(year), *sectoral.months(year)]
        if any(boundaries.inside(each, changes.get(each.pk, ()), month, name) for name in boundaries.BOUNDARIES)
    }
    return {
        "schema": SCHEMA,
        "year": year,
        "enterprise": {name: getattr(enterprise, name) for name in ("code", "name", "name_en", "credit_code", "place", "city", "industry")},
        "boundary": {
            "facilities": [_facility(each) for each in facilities],
            "changes": [_change(each, row) for each in facilities for row in changes.get(each.pk, ())],
        },
        "control_plan": _plan(enterprise, year),
        "values": [_value(each) for each in values],
        "parameters": computed.parameters,
        "rows": rows,
        "totals": totals_of(rows),
        "open": [each for each in computed.open if (each["facility"], each["month"]) in inside],
        "findings": _findings(facilities, year),
    }  # fmt: skip


def frozen(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content as it is stored and hashed."""
    made: dict[str, Any] = plain(dict(content))
    return made


def totals_of(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Sums in t CO2e: of both boundaries, and by facility, month and scope; what a boundary leaves out is not in its sum."""
    totals: dict[str, Any] = {REPORTING: 0.0, COMPLIANCE: 0.0, "facilities": {}, "months": {}, "scopes": {}}
    for row in rows:
        for boundary in boundaries.BOUNDARIES:
            amount = row["value"] if row[boundary] else 0.0
            totals[boundary] += amount
            for group, key in (("facilities", row["facility"]), ("months", row["month"]), ("scopes", row["scope"])):
                cell = totals[group].setdefault(key, dict.fromkeys(boundaries.BOUNDARIES, 0.0))
                cell[boundary] += amount
    return totals


def _facility(facility: Facility) -> dict[str, Any]:
    return {
        "code": facility.code,
        "name": facility.name,
        "sector": facility.sector,
        "since": facility.since.isoformat(),
        "until": facility.until.isoformat() if facility.until else "",
        "compliance": facility.compliance,
        "facts": facility.facts,
    }


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
    for boundary in boundaries.BOUNDARIES:
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
            (row["value"], row["notation"], row["way"], [e["sha256"] for e in row["evidence"]]) if row else None
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
    return {name: row[name] for name in ("value", "notation", "unit", "way")} | {"evidence": len(row["evidence"])}
