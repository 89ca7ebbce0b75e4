"""A report's totals on the blackboard: `enterprise.emissions` of the enterprise, apart by boundary, with the way back to its rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dafeng.domains.enterprise.models import Report
from dafeng.domains.enterprise.reporting import activity, assembling
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.indicators.models import Run

EMISSIONS = "enterprise.emissions"


def ensure_indicator() -> None:
    indicators.ensure_indicator(
        EMISSIONS,
        name="企业温室气体排放量",
        name_en="Greenhouse gas emissions of enterprises",
        unit="t CO2e",
        description="按年度报告；boundary 为报告边界或履约边界，scope 和 category 为统计供数",
        decimals=2,
    )


def sums_of(report: Report) -> dict[str, Any]:
    """The sums of a report; of one that was handed in before they were kept, drawn from its content."""
    found: dict[str, Any] = report.sums or assembling.sums_of(report.content)
    return found


def activity_of(report: Report) -> list[list[Any]]:
    """The entries of a report for the inventory's activity; of one that was handed in before they were kept, drawn from its content."""
    sums = sums_of(report)
    found: list[list[Any]] = sums["activity"] if "activity" in sums else activity.entries(report.content)
    return found


def status_of(report: Report) -> Status:
    """OK only for what is locked and lacks nothing: no value, and no parameter that is still to be confirmed."""
    if report.sums["lacking"] if report.sums else assembling.lacking(report.content):
        return Status.INCOMPLETE
    return Status.OK if report.record.state == "locked" else Status.DEGRADED


COUNTING = ("submitted", "in_verification", "verified", "locked")


def counting(enterprise: Enterprise) -> list[Report]:
    """The version that stands for each year: the locked one, else the newest that was handed in and not returned."""
    found: dict[int, Report] = {}
    reports = Report.objects.filter(enterprise=enterprise, record__state__in=COUNTING).select_related("record")
    reports = reports.defer("content")
    for each in reports.order_by("year", "version"):
        if each.year not in found or found[each.year].record.state != "locked":
            found[each.year] = each
    return list(found.values())


def publish_report(report: Report, *, now: datetime, by: Any = None) -> Run:
    """Publish both boundaries of every year of the enterprise; the former run is superseded."""
    ensure_indicator()
    enterprise = report.enterprise
    run = indicators.start_run(
        domain="enterprise",
        kind="report",
        subject=enterprise.subject,
        parameters={"year": report.year, "version": report.version, "report": str(report.pk)},
        digest=report.digest,
        by=by,
        now=now,
    )
    rows = [
        {
            "indicator": EMISSIONS,
            "subject": enterprise.subject,
            "period": str(each.year),
            "dimensions": {"boundary": boundary},
            "value": value,
            "unit": "t CO2e",
            "status": int(status_of(each)),
            "lineage": {"report": str(each.pk), "version": each.version, "digest": each.digest, "state": each.record.state},
        }
        for each in counting(enterprise)
        for boundary, value in (("reporting", each.emissions), ("compliance", each.emissions_compliance))
    ]  # fmt: skip
    indicators.publish(run, rows)
    return indicators.finish_run(run, now)
