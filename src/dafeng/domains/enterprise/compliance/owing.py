"""What a firm owes for a year: the verified number or what a paper tells, the rules over it, the row and its steps."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.compliance import (
    allocations,
    holdings,
    library,
    papers,
    permissions,
    verified,
)
from dafeng.domains.enterprise.compliance.methods import duty as duties
from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import (
    Allocation,
    CarbonDuty,
    CompliancePaper,
    Covered,
    Report,
)
from dafeng.domains.enterprise.reporting import reports
from dafeng.kernel.actions import demand
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records import services as records


def register_duty(
    enterprise: Enterprise,
    year: int,
    *,
    told: Decimal | None = None,
    reason: str = "",
    paper: CompliancePaper | None = None,
    by: Any,
    now: datetime,
    demo: bool = False,
) -> CarbonDuty:
    """Record what a firm owes by its locked report and its final allocation. Without a locked report: `report_not_locked`.

    `told`: emissions that a paper says, once the year's reporting is due: verified elsewhere in a year before the firm reported here;
    or, with a `reason`, the authority's conservative estimate for a firm that handed in nothing (核查指南, DCP#51). A draft is nothing.
    """
    if by is not None:
        demand(by, permissions.DECIDE)
    with holdings.told(by, "duty", enterprise, now=now):
        if not Covered.objects.filter(enterprise=enterprise, year=year).exists():
            raise Refused("not_covered", _("%(year)s 年度名录里没有这家企业") % {"year": year})
        report, emissions, before = _verified(enterprise, year, told, reason, paper, timezone.localdate(now))
        found = _owed(year, emissions, allocations.final_of(enterprise, year), report)
        basis = f"report {report.pk}" if report else f"paper {paper.document if paper else ''}"[:120]
        made = _recorded(
            enterprise, year, found.duty, [*before, *found.steps], basis=basis, report=report, paper=None if report else paper, emissions=found.emissions,
            free=found.free, due=duties.cycle_of(year, library.cycle_rules())["due"], by=by, now=now, demo=demo,
        )  # fmt: skip
        records.audit(by, "enterprise.compliance.duty", "enterprise", enterprise.code, {"year": year, "tonnes": found.duty, "basis": basis, "reason": reason}, now=now)  # fmt: skip
    return made


def _verified(enterprise: Enterprise, year: int, told: Decimal | None, reason: str, paper: CompliancePaper | None, today: date) -> tuple[Report | None, Any, list[duties.Step]]:  # fmt: skip
    """The locked report, its verified emissions and how they differ from the reported; or what a paper tells of a year without a report."""
    report = verified.locked(enterprise, year)
    if report is None:
        if told is None:
            raise Refused("report_not_locked", _("%(year)s 年度排放报告还没有核查锁定") % {"year": year})
        return None, told, [_told(enterprise, year, told, reason.strip(), papers.demanded(paper), today)]
    if told is not None:
        raise Refused("report_counts", _("%(year)s 年度已有锁定的报告，以报告为准") % {"year": year})
    found = verified.figure_of(report)
    if found.basis == "open":
        raise Refused("verification_open", _("%(year)s 年度报告的核查没有有效的结论") % {"year": year}, mend=_("请等重新核查的结论，再登记应清缴量"))  # fmt: skip
    if found.tonnes is None:
        raise Refused("report_not_locked", _("%(year)s 年度报告没有履约边界的排放量") % {"year": year})
    return report, found.tonnes, _basis(found)


def _told(enterprise: Enterprise, year: int, told: Decimal, reason: str, paper: CompliancePaper, today: date) -> duties.Step:  # fmt: skip
    """What stands in the place of a report: another's verification of a year before the platform, or the authority's estimate."""
    versions = list(Report.objects.filter(enterprise=enterprise, year=year).values_list("record__state", flat=True))
    if any(state not in reports.OPEN for state in versions):
        raise Refused(
            "report_under_way", _("%(year)s 年度排放报告已经报送，正在核查") % {"year": year}, mend=_("请等核查结论")
        )
    due = report_until(enterprise, year)
    if today <= due:
        raise Refused(
            "estimate_early", _("%(year)s 年度排放报告的报送期限 %(due)s 还没有过") % {"year": year, "due": due}
        )
    if told <= 0:
        raise Refused("amount_bad", _("排放量应为正数"))
    if versions and not reason:
        raise Refused("reason_missing", _("企业有没有报送的报告，要写明保守测算的理由"))
    if not reason:
        return duties.Step("told", {}, "C", str(paper))
    return duties.Step("estimated", {}, "A", f"企业温室气体排放报告核查指南（试行）（DCP#51）；{paper}；{reason}"[:600])


def report_until(enterprise: Enterprise, year: int) -> date:
    """The last day on which a firm may hand in the year's report, leave to be late counted."""
    last: date = reports.until(enterprise, year)
    return last


def _basis(found: verified.Figure) -> list[duties.Step]:
    """What stands before the duty where the number is not simply the report's."""
    numbers = {"reported": str(duties.whole(found.reported or 0)), "verified": str(duties.whole(found.tonnes or 0))}
    if found.basis == "conservative":
        return [duties.Step("conservative", numbers, "A", "企业温室气体排放报告核查指南（试行）（DCP#51）")]
    if found.basis == "spot":
        return [duties.Step("spot", numbers, "A", "环办气候函〔2021〕491号（DCP#178）")]
    return [duties.Step("unverified", {}, "D", "")] if found.basis == "unverified" else []


def _owed(year: int, emissions: Any, final: Allocation | None, report: Report | None) -> duties.Duty:
    """Gas units owe no more than their quota: what each emitted is the report's verified number, else what the allocation was told."""
    gas = [row for row in (final.rows if final else ()) if row["class"] == "gas"]
    told = {row["unit"]: row.get("emissions") for row in (final.units if final else ())}
    if gas and report:
        told |= {row["unit"]: row["emissions"] for row in verified.allocation_units(report) if "emissions" in row}
    return duties.owed(
        year, emissions, final.tonnes if final else None, library.cycle_rules(),
        gas_emissions=sum(float(told.get(row["unit"]) or 0) for row in gas), gas_free=sum(row["tonnes"] for row in gas),
    )  # fmt: skip


def duty_of(enterprise: Enterprise, year: int) -> CarbonDuty | None:
    """What the firm owes for a year by the last word; None before it is recorded and after it was released."""
    found = CarbonDuty.objects.filter(enterprise=enterprise, year=year).order_by("-number").first()
    return None if found is None or found.released else found


def release(enterprise: Enterprise, year: int, *, reason: str, by: Any, now: datetime) -> CarbonDuty | None:
    """A duty that came from a row of the list which is withdrawn goes: a further number of 0 t, on the ledger too."""
    before = duty_of(enterprise, year)
    if before is None:
        return None
    step = duties.Step("released", {"duty": str(before.tonnes)}, "A", reason[:600])
    return _recorded(enterprise, year, 0, [step], emissions=0, basis=reason, due=before.due, by=by, now=now)


def _recorded(enterprise: Enterprise, year: int, tonnes: int, steps: list[duties.Step], *, basis: str, by: Any, now: datetime, **told: Any) -> CarbonDuty:  # fmt: skip
    """The next number of a year's duty, on the ledger and in our row."""
    number = CarbonDuty.objects.filter(enterprise=enterprise, year=year).count() + 1
    key = f"enterprise:duty:{enterprise.code}:{year}:{number}"
    holdings.record_duty(enterprise, year, tonnes, basis=basis[:120], key=key, now=now)
    made: CarbonDuty = CarbonDuty.objects.create(enterprise=enterprise, year=year, number=number, tonnes=tonnes, steps=[asdict(each) for each in steps], ledger_key=key, by=by, at=now, **told)  # fmt: skip
    return made
