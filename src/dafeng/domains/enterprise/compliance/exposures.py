"""A firm's position and exposure over time, out of the ledger, the monthly entries and the closes of the demo market."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal

from django.utils import timezone

from dafeng.domains.enterprise.compliance import holdings, library, verified
from dafeng.domains.enterprise.compliance.methods import duty as duties
from dafeng.domains.enterprise.compliance.methods.exposure import MonthEnd, month_ends
from dafeng.domains.enterprise.models import Report, Surrender, Verification
from dafeng.domains.enterprise.reporting import assembling
from dafeng.kernel.enterprises.models import Enterprise


def of(enterprise: Enterprise, year: int, *, now: datetime) -> list[MonthEnd]:
    """From January of the year to the month in which it has to be surrendered, none of them in the future."""
    today = timezone.localdate(now)
    months = _months(year, min(today, duties.cycle_of(year, library.cycle_rules())["due"]))
    if not months:
        return []
    ends = [_end(month) for month in months]
    report = verified.locked(enterprise, year)
    told, annual = _told(enterprise, year, report)
    return month_ends(
        year, months, told=told, annual=annual, verified=_verified(report),
        held=dict(zip(months, holdings.month_ends(enterprise, ends, valid_for=year), strict=True)),
        surrendered=_surrendered(enterprise, year, months), prices={month: _price(month) for month in months},
    )  # fmt: skip


def _months(year: int, last: date) -> list[str]:
    found = [f"{each}-{number:02d}" for each in range(year, last.year + 1) for number in range(1, 13)]
    return [month for month in found if month <= f"{last.year}-{last.month:02d}"]


def _end(month: str) -> datetime:
    """The first moment after the month."""
    year, number = int(month[:4]), int(month[5:])
    return timezone.make_aware(datetime.combine(date(year + number // 12, number % 12 + 1, 1), time()))


def _told(enterprise: Enterprise, year: int, report: Report | None) -> tuple[dict[str, float], float]:
    """Month → t of the compliance boundary by the firm's entries, and what is told for the year as a whole.

    A month with a row that has no number is not told: its sum would be too small.
    """
    content = report.content if report else assembling.year_content(enterprise, year)
    sums: dict[str, float] = {}
    broken: set[str] = set()
    for row in content.get("rows", ()):
        if not row.get("compliance"):
            continue
        if row.get("t_co2e") is None:
            broken.add(row["month"])
        else:
            sums[row["month"]] = sums.get(row["month"], 0.0) + row["t_co2e"]
    if not report:
        broken |= {each["month"] for each in content["open"]}
    annual = sums.pop(str(year), 0.0)
    return {month: tonnes for month, tonnes in sums.items() if month not in broken}, annual


def _verified(report: Report | None) -> tuple[str, float] | None:
    """The month in which the verified number was told, and the number."""
    if report is None:
        return None
    tonnes = verified.figure_of(report).tonnes
    told = Verification.objects.filter(report=report, record__state="confirmed").order_by("-told_at").values_list("told_at", flat=True).first()  # fmt: skip
    at = told or report.locked_at
    return None if tonnes is None or at is None else (timezone.localtime(at).strftime("%Y-%m"), tonnes)


def _surrendered(enterprise: Enterprise, year: int, months: Sequence[str]) -> dict[str, int]:
    done = Surrender.objects.filter(enterprise=enterprise, year=year, state=Surrender.State.DONE)
    rows = [(timezone.localtime(at).strftime("%Y-%m"), cea + ccer) for at, cea, ccer in done.values_list("decided_at", "tonnes", "ccer") if at]  # fmt: skip
    return {month: sum(tonnes for at, tonnes in rows if at <= month) for month in months}


def _price(month: str) -> Decimal | None:
    """The last close up to the month's end; None before the first one."""
    before = [each.price for each in library.closes() if each.day.strftime("%Y-%m") <= month]
    return before[-1] if before else None
