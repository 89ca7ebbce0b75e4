"""Where an enterprise stands in a year: what is told month by month, what is due, what is wrong, what it would cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from dafeng.domains.enterprise.models import CheckFinding, Facility, MonthFiling, MonthlyValue, Report
from dafeng.domains.enterprise.reporting import assembling, boundaries, clock, lineage, reports, sectoral
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.indicators.models import Run, Value

OK, LATE, DUE, SOON, AHEAD, OUT = "filed", "late", "due", "soon", "ahead", "outside"


@dataclass(frozen=True)
class MonthState:
    """One month of one facility: how many of its wanted cells are told, and where it stands in the 40 days.

    `working_days`: left until `due`; counted only while the month waits to be filed in time, else 0.
    """

    facility: Facility
    month: str
    told: int
    wanted: int
    filed: MonthFiling | None
    due: date
    state: str
    working_days: int

    @property
    def percent(self) -> int:
        return round(100 * self.told / self.wanted) if self.wanted else 100

    @property
    def was_late(self) -> bool:
        return bool(self.filed and self.filed.late)


def month_states(
    facilities: Iterable[Facility],
    *years: int,
    today: date,
    values: Iterable[MonthlyValue] | None = None,
    changes: Mapping[int, Any] | None = None,
) -> dict[int, list[MonthState]]:
    """Facility → the twelve months of each year. A month outside both boundaries is `outside`; one that has not ended is `ahead`."""
    chosen, months = list(facilities), [month for year in years for month in clock.months_of(year)]
    kept = (
        list(values)
        if values is not None
        else list(MonthlyValue.objects.filter(facility__in=chosen, month__in=months, current=True))
    )
    told: dict[tuple[int, str], set[tuple[str, str]]] = {}
    for value in kept:
        if assembling.is_told(value):
            told.setdefault((value.facility_id, value.month), set()).add((value.item, value.stream))
    filed: dict[tuple[int, str], MonthFiling] = {}
    for each in MonthFiling.objects.filter(facility__in=chosen, month__in=months):
        filed.setdefault((each.facility_id, each.month), each)
    changes = boundaries.changes_of(chosen) if changes is None else changes
    return {
        facility.pk: [
            _month(
                facility,
                month,
                told.get((facility.pk, month), set()),
                filed.get((facility.pk, month)),
                changes.get(facility.pk, ()),
                today,
            )
            for month in months
        ]
        for facility in chosen
    }


def _month(
    facility: Facility, month: str, told: set[tuple[str, str]], filed: MonthFiling | None, changes: Any, today: date
) -> MonthState:
    wanted = sectoral.wanted(facility, month)
    due, last = clock.month_due(month), clock.bounds(month)[1]
    if not any(boundaries.inside(facility, changes, month, each) for each in boundaries.BOUNDARIES):
        state = OUT
    elif filed:
        state = OK
    elif last >= today:
        state = AHEAD
    else:
        state = LATE if due < today else SOON if clock.stage(today, due) else DUE
    count = sum(sectoral.satisfied(facility.sector, each, told) for each in wanted)
    left = clock.working_days_left(today, due) if state in (DUE, SOON) else 0
    return MonthState(facility, month, count, len(wanted), filed, due, state, left)


def tasks(
    enterprise: Enterprise,
    year: int,
    states: Mapping[int, list[MonthState]],
    *,
    report: Report | None,
    filed: bool,
    today: date,
    lacks: Iterable[tuple[Facility, list[str]]] = (),
) -> list[dict[str, Any]]:
    """What the enterprise has to do next, the most urgent first: months, the control plan, the report, facts of units (`lacking`)."""
    found: list[dict[str, Any]] = [
        {"kind": "month", "facility": each.facility, "month": each.month, "due": each.due, "days": each.working_days, "state": each.state,
         "percent": each.percent}
        for months in states.values()
        for each in months
        if each.state in (LATE, DUE, SOON)
    ]  # fmt: skip
    if year < today.year and (report is None or report.record.state in reports.OPEN):
        until = reports.until(enterprise, year)
        state = LATE if until < today else DUE
        found.append(
            {"kind": "report", "report": report, "due": until, "days": clock.working_days_left(today, until), "state": state}
        )  # fmt: skip
    if not filed:
        found.append({"kind": "plan", "due": date(year, 12, 31), "days": None, "state": DUE})
    found += [{"kind": "facts", "facility": each, "facts": names, "due": date(year, 12, 31), "days": None, "state": DUE} for each, names in lacks]  # fmt: skip
    return sorted(found, key=lambda each: (each["due"], each["kind"]))


def lacking(facilities: Iterable[Facility], year: int, changes: Mapping[int, Any]) -> list[tuple[Facility, list[str]]]:
    """Units of the compliance boundary without the facts that an allocation asks for, and what those are called."""
    inside = [each for each in facilities if boundaries.inside(each, changes.get(each.pk, ()), str(year), boundaries.COMPLIANCE)]  # fmt: skip
    return [(each, names) for each in inside if (names := facts_lacking(each.sector, each.facts, year))]


def facts_lacking(sector: str, facts: Any, year: int) -> list[str]:
    """The required facts of a unit of which nothing is told by the end of a year."""
    told, titles = facts if isinstance(facts, Mapping) else {}, sectoral.fact_titles(sector)
    found = []
    for code, fact in sectoral.sector_of(sector).facts.items():
        lines = told.get(code)
        known = any(str(since)[:4] <= str(year) for since, _value in lines) if isinstance(lines, list) else lines
        if fact.required and not known:
            found.append(titles[code])
    return found


def findings_of(enterprise: Enterprise, year: int) -> list[CheckFinding]:
    found = CheckFinding.objects.filter(facility__enterprise=enterprise, month__startswith=str(year))
    return list(found.select_related("facility", "answered_by").order_by("state", "severity", "month", "rule"))


def cost(enterprise: Enterprise, report: Report | None, year: int) -> dict[str, Any] | None:
    """What the year costs at the dated price: the gap between the compliance boundary and the allowance on the blackboard.

    None without a report that was handed in. `allowance` and `gap` are None while no allowance was published.
    """
    if report is None or report.emissions_compliance is None:
        return None
    rule = clock.rule_of("price", year)
    allowance = (
        Value.objects.filter(
            indicator__code="enterprise.allowance", subject=enterprise.subject, period=str(year), run__state=Run.State.DONE
        )
        .order_by("-run__finished_at")
        .values_list("value", flat=True)
        .first()
    )  # fmt: skip
    gap = None if allowance is None else report.emissions_compliance - allowance
    return {
        "emissions": report.emissions_compliance,
        "allowance": allowance,
        "gap": gap,
        "price": rule.value,
        "cost": None if gap is None else gap * rule.value,
        "sizes": None if gap is None else {"gap": abs(gap), "cost": abs(gap * rule.value)},
        "per_percent": report.emissions_compliance * 0.01 * rule.value,
        "source": rule.source,
        "standing": lineage.standing_title(rule.letter),
    }


def years_of(today: date) -> list[int]:
    """Years that can be told and looked at: from the first that the rules know (or as long as records are kept) up to this one."""
    kept = today.year - int(clock.rule_of("keep_years", today.year).value)
    return list(range(min(kept, *(each.since for each in clock.rules())), today.year + 1))
