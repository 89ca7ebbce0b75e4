"""Reporting on people's desks: its places in the navigation, what is due, the pages of its records, and the search."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.domains.enterprise.models import Facility, Report
from dafeng.domains.enterprise.reporting import boundaries, permissions, sectoral, summary
from dafeng.kernel.desk.registry import (
    Entry,
    Hit,
    Rows,
    Task,
    register_entry,
    register_page,
    register_search,
    register_tasks,
)
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records.services import organisations_of, roles_of

ROOMS = (
    (gettext_lazy("企业碳报告"), "reporting-home", permissions.SEE, 20),
    (gettext_lazy("报告工作台"), "reporting-desk", permissions.DESK, 21),
    (gettext_lazy("统计供数"), "reporting-feed", permissions.DESK, 22),
    (gettext_lazy("统计报表"), "reporting-statistics", permissions.DESK, 22),
    (gettext_lazy("待确认参数"), "reporting-parameters", permissions.SEE, 23),
    (gettext_lazy("企业排放公开"), "reporting-public", permissions.PUBLIC_SEE, 24),
)


def _tasks(user: Any, now: datetime) -> Iterator[Task]:
    """An enterprise's months that are due soon or late; its returned report comes from the records."""
    if "enterprise" not in roles_of(user):
        return
    today = timezone.localdate(now)
    mine = Facility.objects.units().filter(enterprise__organisation__in=organisations_of(user) - {""})
    facilities = list(mine.select_related("enterprise"))
    if not facilities:
        return
    changes = boundaries.changes_of(facilities)
    for facility, names in summary.lacking(facilities, today.year - 1, changes):
        yield Task(
            title=_("登记%(name)s的%(facts)s") % {"name": facility.name, "facts": "、".join(names)},
            why=_("没有它算不出配额"), href=facts_page(facility), since=now, kind="enterprise.facts",
        )  # fmt: skip
    for months in summary.month_states(facilities, today.year - 1, today.year, today=today, changes=changes).values():
        for each in months:
            if each.state in (summary.LATE, summary.SOON, summary.DUE):
                yield Task(
                    title=_("%(month)s 月度存证：%(name)s") % {"month": each.month, "name": each.facility.name},
                    why=_("已填 %(percent)s%%") % {"percent": each.percent},
                    href=reverse("enterprise:reporting-month", kwargs={"pk": each.facility.pk, "month": each.month}),
                    since=now,
                    due=timezone.make_aware(datetime.combine(each.due, time.max)),
                    kind="enterprise.month",
                )


def facts_page(facility: Facility) -> str:
    """Where the facts of a unit are told."""
    return f"{reverse('enterprise:reporting-unit', kwargs={'pk': facility.pk})}#facts"


def _search(user: Any, text: str, limit: int) -> Iterator[Rows]:
    """Enterprises that a person may see in reporting, by name or code."""
    if not permissions.READERS & roles_of(user):
        return
    named = Q(name__icontains=text) | Q(name_en__icontains=text) | Q(code__icontains=text)
    reports = Exists(Facility.objects.filter(enterprise=OuterRef("pk")))
    yield Rows(
        Enterprise.objects.filter(permissions.firms_seen(user)).filter(named, reports).order_by("code"),
        ("code", "name", "name_en"),
        lambda row: Hit(
            (row["name_en"] if sectoral.english() else "") or row["name"],
            _("月度数据与年度报告"),
            reverse("enterprise:reporting-firm", kwargs={"firm": row["code"]}),
            _("企业碳报告"),
        ),
    )


def _report_page(record: Any) -> str:
    report: Report = record.enterprise_report
    return reverse("enterprise:reporting-report", kwargs={"id": report.pk})


def _plan_page(record: Any) -> str:
    plan = record.enterprise_control_plan
    return reverse("enterprise:reporting-plan", kwargs={"firm": plan.enterprise.code, "year": plan.year})


def _import_page(record: Any) -> str:
    return reverse("enterprise:reporting-import", kwargs={"id": record.pk})


def register() -> None:
    for title, name, action, order in ROOMS:
        register_entry(Entry("enterprise", title, lambda name=name: reverse(f"enterprise:{name}"), action, order))
    register_tasks(_tasks)
    register_search(_search)
    register_page("enterprise.report", _report_page, related=("enterprise_report",))
    register_page("enterprise.control-plan", _plan_page, related=("enterprise_control_plan__enterprise",))
    register_page("enterprise.import", _import_page)
