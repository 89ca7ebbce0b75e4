"""The clock's work: tell enterprises what is due, on working days before the day and once after it, and the bureau what is late."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.models import Facility, Report
from dafeng.domains.enterprise.reporting import clock, reports, summary
from dafeng.kernel.desk import services as desk
from dafeng.kernel.desk.models import Notice
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.quantities.workdays import is_working
from dafeng.kernel.records.services import people_of

KIND = "enterprise.due"


@dataclass(frozen=True)
class Due:
    """Something an enterprise owes: a month's filing of a facility, or the year's report."""

    enterprise: Enterprise
    title: str
    due: date
    stage: str
    href: str


def owed(today: date, *, city: str = "", years: Iterable[int] | None = None) -> list[Due]:
    """What is due or late today, of all enterprises: the months of this year and the last, and last year's report."""
    chosen = list(years) if years is not None else [today.year - 1, today.year]
    living = Facility.objects.units().select_related("enterprise").order_by("enterprise__code", "code")
    facilities = list(living.filter(enterprise__city=city) if city else living)
    found: list[Due] = []
    for year in chosen:
        for months in summary.month_states(facilities, year, today=today).values():
            for each in months:
                stage = clock.stage(today, each.due) if each.state in (summary.LATE, summary.DUE, summary.SOON) else ""
                if stage:
                    title = _("%(month)s 月度存证：%(name)s") % {"month": each.month, "name": each.facility.name}
                    href = reverse("enterprise:reporting-month", kwargs={"pk": each.facility.pk, "month": each.month})
                    found.append(Due(each.facility.enterprise, title, each.due, stage, href))
    return found + [each for year in chosen for each in _reports(facilities, year, today)]


def _reports(facilities: Iterable[Facility], year: int, today: date) -> list[Due]:
    if year >= today.year:
        return []
    firms = {each.enterprise_id: each.enterprise for each in facilities if each.since.year <= year}
    newest: dict[int, Report] = {}
    for report in Report.objects.filter(enterprise__in=firms, year=year).select_related("record").order_by("version"):
        newest[report.enterprise_id] = report
    found, untils = [], reports.untils(firms, year)
    for pk, enterprise in firms.items():
        if pk in newest and newest[pk].record.state not in reports.OPEN:
            continue
        until = untils[pk]
        if stage := clock.stage(today, until):
            href = reverse("enterprise:reporting-firm", kwargs={"firm": enterprise.code}) + f"?year={year}"
            found.append(Due(enterprise, _("%(year)s 年度排放报告") % {"year": year}, until, stage, href))
    return found


def remind(*, now: datetime, today: date, city: str = "", only: Enterprise | None = None, by_hand: bool = False) -> int:
    """Tell the people of each enterprise what it owes, once a stage; by hand again. Returns how many things were told of.

    Nothing is sent on a day off, unless somebody asks for it.
    """
    if not by_hand and not is_working(today):
        return 0
    dues = [each for each in owed(today, city=city) if only is None or each.enterprise.pk == only.pk]
    told = set() if by_hand else set(Notice.objects.filter(kind=KIND).values_list("user_id", "title", "href"))
    count = 0
    for each in dues:
        title = _stage_title(each)
        people = [
            user
            for user in people_of([each.enterprise.organisation] if each.enterprise.organisation else [])
            if (user.pk, title, each.href) not in told
        ]
        if people:
            text = _("截止日期 %(due)s") % {"due": each.due}
            desk.notify(people, kind=KIND, title=title, text=text, href=each.href, now=now)
            count += 1
    _tell_bureau([each for each in dues if each.stage == "late"], now=now, by_hand=by_hand)
    return count


def _stage_title(due: Due) -> str:
    if due.stage == "late":
        return _("已逾期：%(title)s") % {"title": due.title}
    return _("%(days)s 个工作日内到期：%(title)s") % {"days": due.stage, "title": due.title}


def _tell_bureau(late: list[Due], *, now: datetime, by_hand: bool) -> None:
    """The bureau hears of the late once a day at most, and not of what it has just pressed for itself."""
    bureau: list[Any] = people_of(roles=["ecology"], places=sorted({each.enterprise.city for each in late}))
    if not late or by_hand or not bureau:
        return
    desk.notify(
        bureau,
        kind="enterprise.late",
        title=_("%(count)s 项企业报送已逾期") % {"count": len(late)},
        text="；".join(f"{each.enterprise.name} {each.title}" for each in late[:10]),
        href=reverse("enterprise:reporting-desk"),
        now=now,
    )
