"""What the automatic checks found: kept with its answer and state while the finding stands, mended when it is found no more.

The rules are data of the sector schemas (`methods.checks`); here they meet the stored values, and evidence of all enterprises.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils import timezone

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import CheckFinding, Facility, MonthlyValue
from dafeng.domains.enterprise.reporting import assembling, metering, peers, plans, points, sectoral, sources
from dafeng.domains.enterprise.reporting.refusing import SeenOld, refusing
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records import services as records

SAME_FILE = "same_file"
State = CheckFinding.State


def refresh(enterprise: Enterprise, year: int, *, now: datetime) -> list[CheckFinding]:
    """Run the checks over a year (and the year before, for comparison) and bring the stored findings up to date.

    A finding that stands keeps its answer; one whose facts changed after it was answered is open again.
    """
    facilities = assembling.facilities_of(enterprise, year)
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    plan = plans.filed(enterprise, year)
    values = assembling.values_of(facilities, year)
    below = sources.below_plan(facilities, values, plan.content, year) if plan else ()
    overdue = points.overdue(facilities, year, today=timezone.localdate(now))
    for row in (*checked(facilities, year, values), *same_files(facilities, year), *below, *overdue):
        found.setdefault(_key(row), row)  # of several days of a month the first
    with records.serial():
        stored = {
            (each.facility_id, each.rule, each.month, each.item, each.stream): each
            for each in CheckFinding.objects.select_for_update().filter(
                facility__in=[each.pk for each in facilities], month__startswith=str(year)
            )
        }
        for key, row in found.items():
            _keep(stored.get(key), row, now=now)
        for key, each in stored.items():
            if key not in found and each.state in (State.OPEN, State.EXPLAINED):
                each.state = State.MENDED
                each.save(update_fields=["state"])
    return list(CheckFinding.objects.filter(facility__in=[f.pk for f in facilities], month__startswith=str(year)))


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["facility"].pk, row["rule"], row["month"], row["item"], row["stream"]


def _keep(stored: CheckFinding | None, row: dict[str, Any], *, now: datetime) -> None:
    if stored is None:
        CheckFinding.objects.create(**row, found_at=now)
        return
    changed = stored.facts != row["facts"] or stored.severity != row["severity"]
    if changed or stored.state == State.MENDED:
        stored.facts, stored.severity, stored.state, stored.found_at = row["facts"], row["severity"], State.OPEN, now
        stored.save(update_fields=["facts", "severity", "state", "found_at"])


def same_files(facilities: Iterable[Facility], year: int) -> list[dict[str, Any]]:
    """The same file (by SHA-256) under another facility or another month: one finding a cell, naming where else it lies."""
    mine = list(
        MonthlyValue.evidence.through.objects.filter(
            monthlyvalue__facility__in=[each.pk for each in facilities],
            monthlyvalue__month__startswith=str(year),
            monthlyvalue__current=True,
        ).values_list(
            "evidence__sha256", "monthlyvalue__facility", "monthlyvalue__month", "monthlyvalue__item", "monthlyvalue__stream"
        )
    )  # fmt: skip
    elsewhere: dict[str, set[tuple[int, str]]] = defaultdict(set)
    for sha256, facility, month in MonthlyValue.evidence.through.objects.filter(
        evidence__sha256__in={row[0] for row in mine}, monthlyvalue__current=True
    ).values_list("evidence__sha256", "monthlyvalue__facility", "monthlyvalue__month"):
        elsewhere[sha256].add((facility, month))
    by_id = {each.pk: each for each in facilities}
    found = []
    for sha256, facility, month, item, stream in mine:
        others = elsewhere[sha256] - {(facility, month)}
        if not others:
            continue
        foreign = any(other not in by_id for other, _month in others)
        found.append(
            {
                "facility": by_id[facility],
                "rule": SAME_FILE,
                "month": month,
                "item": item,
                "stream": stream,
                "severity": "error" if foreign else "warn",
                "facts": {
                    "sha256": sha256,
                    "months": sorted({m for other, m in others if other in by_id}),
                    "foreign": foreign,
                },
            }
        )
    return found


def answer(finding: CheckFinding, text: str, *, seen: str, by: Any, now: datetime) -> CheckFinding:
    """The enterprise explains. Raises `SeenOld` (`stale_finding`), `Refused` (`no_answer`)."""
    return _settle(finding, State.EXPLAINED, text, seen=seen, by=by, now=now)


def dismiss(finding: CheckFinding, text: str, *, seen: str, by: Any, now: datetime) -> CheckFinding:
    """The bureau says that there is nothing to it. Raises as `answer`."""
    return _settle(finding, State.DISMISSED, text, seen=seen, by=by, now=now)


def reopen(finding: CheckFinding, text: str, *, seen: str, by: Any, now: datetime) -> CheckFinding:
    """The bureau is not content with an answer. Raises as `answer`."""
    return _settle(finding, State.OPEN, text, seen=seen, by=by, now=now)


def _settle(finding: CheckFinding, state: str, text: str, *, seen: str, by: Any, now: datetime) -> CheckFinding:
    with refusing("finding", "finding", finding.pk, by=by, now=now), records.serial():
        fresh = CheckFinding.objects.select_for_update().get(pk=finding.pk)
        if fresh.state != seen:
            raise SeenOld("stale_finding", f"这条发现已是“{fresh.get_state_display()}”", mend="请看最新情况")
        if not text.strip():
            raise Refused("no_answer", "没有写明说明或理由")
        fresh.state, fresh.answer, fresh.answered_by = state, text.strip(), by
        fresh.save(update_fields=["state", "answer", "answered_by"])
        detail = {"rule": fresh.rule, "month": fresh.month, "state": state, "answer": fresh.answer}
        records.audit(by, "enterprise.finding", "finding", str(fresh.pk), detail, now=now)
    finding.refresh_from_db()
    return finding


def checked(facilities: Iterable[Facility], year: int, told: Iterable[MonthlyValue]) -> list[dict[str, Any]]:
    """What the sector's rules say of the year's values (`told`) beside those of the year before, and beside the peers'."""
    chosen = list(facilities)
    values = [*assembling.values_of(chosen, year - 1), *told]
    by_code = {each.code: each for each in chosen}
    seen = (*sectoral.check(chosen, values, year, days=metering.daily(chosen, year)), *peers.compared(chosen, year))
    return [
        {
            "facility": by_code[row["facility"]],
            "rule": row["rule"],
            "month": row["month"][: len("2025-03")],  # a day's finding stands in its month, and its words name the day
            "item": row["item"] or "",
            "stream": row["stream"] or "",
            "severity": row["severity"],
            "facts": {name: row[name] for name in ("what", "why", "what_en", "why_en")},
        }
        for row in seen
        if row["month"].startswith(str(year))
    ]
