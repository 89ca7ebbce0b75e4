"""The conclusion, the bureau's second review by another person, and the number that counts from then on.

A conclusion stands on the version whose digest it names: passed, when every non-conformity is corrected and the verifier's number is
the report's; conservative, when some were not and were estimated. The report's version is locked as it is: a conservative number is
kept with the verification, and `counted` tells it.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.models import Nonconformity, Report, SpotCheck, Verification
from dafeng.domains.enterprise.reporting import reports
from dafeng.domains.enterprise.verification import findings, telling
from dafeng.domains.enterprise.verification.methods import estimation
from dafeng.domains.enterprise.verification.refusing import refused, refusing
from dafeng.domains.enterprise.verification.working import happened, keep, lacking, locked_for_work
from dafeng.kernel.records import services as records

State = Nonconformity.State
Conclusion = Verification.Conclusion


@dataclass(frozen=True)
class Counted:
    """The verified emissions of a locked report in t CO2e, and by which verification."""

    reporting: float | None
    compliance: float | None
    conclusion: str
    verification: Verification


def counted(report: Report) -> Counted | None:
    """What counts for duty and allocation: the newest confirmed verification's numbers, or what a confirmed spot check put in their place
    (then `conclusion` is "spot"); None while there is none.
    """
    found = _newest(report)
    if found is None:
        return None
    if spot := adjusted(report).first():
        return Counted(found.emissions, spot.tonnes, "spot", found)
    return Counted(found.emissions, found.emissions_compliance, found.conclusion, found)


def _newest(report: Report) -> Verification | None:
    return report.verifications.filter(record__state="confirmed").order_by("-told_at").first()


def adjusted(report: Any) -> QuerySet[SpotCheck]:
    """The spot checks that put another number in place of a report's, the newest first; `report` may be an `OuterRef`."""
    found = SpotCheck.objects.filter(report=report, record__state="confirmed", outcome=SpotCheck.Outcome.ADJUST)
    return found.order_by("-told_at")


def facilities_of(report: Report) -> dict[str, float]:
    """Facility → t of the compliance boundary that counts, of those whose number the verification or the city's check changed."""
    spot = adjusted(report).first()
    return estimation.facilities(report.content or {}, _estimates(report)) | (spot.facilities if spot else {})


def compliance_of(report: Report) -> dict[str, float]:
    """Facility → t of the compliance boundary that counts, of all facilities of that boundary that the report tells a number of."""
    content = report.content or {}
    outside = {each["code"] for each in content.get("boundary", {}).get("facilities", ()) if not each.get("compliance", True)}  # fmt: skip
    told = content.get("totals", {}).get("facilities", {})
    reported = {code: float(each["compliance"]) for code, each in told.items() if code not in outside and each.get("compliance") is not None}  # fmt: skip
    return reported | facilities_of(report)


def figures_of(report: Report) -> dict[str, dict[str, float]]:
    """Facility → production figure of the year → what counts, in the units of `production.FIGURES`, where verification estimated it."""
    found: dict[str, dict[str, float]] = {}
    for each in estimation.figures(report.content or {}, _estimates(report)):
        found.setdefault(each.facility, {})[each.name] = each.counts
    return found


def _estimates(report: Report) -> list[estimation.Replacement]:
    """What the verification that counts put in place of what was not corrected; nothing where it passed."""
    found = _newest(report)
    if found is None or found.conclusion != Conclusion.CONSERVATIVE:
        return []
    open_ones = found.findings.filter(state=State.UNRESOLVED)
    return [estimation.Replacement(**each.estimate) for each in open_ones if each.estimate]


def conclude(verification: Verification, *, conclusion: str, text: str, by: Any, now: datetime) -> None:
    """Raises `Refused`: list_incomplete, recompute_missing, findings_open, numbers_differ, unchecked_unexplained, estimate_missing."""
    with refusing("conclude", verification.pk, by=by, now=now), records.serial():
        fresh = locked_for_work(verification)
        chosen = Conclusion(conclusion)
        numbers = _numbers(fresh, chosen, text, now=now)
        records.move(fresh.record, "conclude", by=by, now=now)
        told = {
            "text": text.strip()[:3000],
            "digest": fresh.report.digest,
            "version": fresh.report.version,
            "leader": by.get_username(),
            "at": now.isoformat(),
            "figures": numbers.get("figures", []),
        }
        days = happened(fresh, "concluded", day=timezone.localdate(now))
        detail = {"conclusion": chosen.value, "numbers": numbers} | told
        keep(fresh, "concluded", detail, by=by, now=now, conclusion=told, happened=days)
        Verification.objects.filter(pk=fresh.pk).update(
            conclusion=chosen, emissions=numbers["reporting"], emissions_compliance=numbers["compliance"]
        )
        if fresh.report.record.state == "in_verification":
            reports.step(fresh.report, "verify", by=by, now=now)
    verification.refresh_from_db()
    telling.bureau(verification, _("核查已出结论，请复核：%(title)s") % {"title": verification.record.title}, now=now)


def _numbers(verification: Verification, conclusion: Conclusion, text: str, *, now: datetime) -> dict[str, Any]:
    """The verified numbers, when everything that a conclusion needs is there."""
    if verification.record.state == "assigned":
        raise refused("wrong_state", verification.record.state_title)
    if open_lines := lacking(verification, "review", "site"):
        raise refused("list_incomplete", str(len(open_lines)))
    if not (verification.content.get("happened") or {}).get("visited"):
        raise refused("list_incomplete")  # neither a visit nor leave to leave it out
    comparison = verification.content.get("comparison") or {}
    if not comparison or comparison.get("digest") != verification.report.digest:
        raise refused("recompute_missing")
    states = set(verification.findings.values_list("state", flat=True))
    if states & {State.DRAFT, State.SENT, State.ANSWERED}:
        raise refused("findings_open")
    if comparison.get("unchecked") and len(text.strip()) < 20:
        raise refused("unchecked_unexplained")
    if conclusion == Conclusion.PASSED:
        if State.UNRESOLVED in states:
            raise refused("findings_open")
        if comparison.get("differences"):
            raise refused("numbers_differ")
        return {"reporting": verification.report.emissions, "compliance": verification.report.emissions_compliance}
    if State.UNRESOLVED not in states:
        raise refused("estimate_missing")
    steps, totals, figures = findings.estimated(verification)
    told = [dataclasses.asdict(each) for each in figures]
    return totals | {"steps": len(steps)} | ({"figures": told} if told else {})


def confirm(verification: Verification, *, reason: str = "", by: Any, now: datetime) -> None:
    """The second review: by somebody of the bureau who did not assign it. Locks the version and tells the unit.

    Raises `PermissionDenied` for the same person, `Refused` (recompute_missing) where the report changed since the conclusion.
    """
    with refusing("confirm", verification.pk, by=by, now=now), records.serial():
        fresh = (
            Verification.objects.select_for_update().select_related("record", "report__record").get(pk=verification.pk)
        )
        if (fresh.content.get("conclusion") or {}).get("digest") != fresh.report.digest:
            raise refused("recompute_missing")
        records.move(fresh.record, "confirm", by=by, now=now, reason=reason)
        days = happened(fresh, "told", day=timezone.localdate(now))
        keep(fresh, "confirmed", {"digest": fresh.report.digest}, by=by, now=now, happened=days)
        Verification.objects.filter(pk=fresh.pk).update(told_at=now)
        if fresh.report.record.state == "verified":
            reports.step(fresh.report, "lock", by=by, now=now)
    verification.refresh_from_db()
    due = findings.clock_of(verification, "objection", now=now)
    what = _("核查结论已告知，如有异议请在 %(day)s 前申请复核") % {"day": due.due.day.isoformat() if due else ""}
    telling.unit(verification, what, now=now)


def send_back(verification: Verification, *, reason: str, by: Any, now: datetime) -> None:
    """The bureau is not content: the body concludes anew. How often this happened counts in its rating."""
    with refusing("send-back", verification.pk, by=by, now=now):
        records.move(verification.record, "send_back", by=by, now=now, reason=reason)
    verification.refresh_from_db()
    telling.body(verification, _("复核退回：%(title)s") % {"title": verification.record.title}, now=now)
