"""What compliance lays on people's desks: its places, duties that are due, applications that wait for the bureau."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.domains.enterprise.compliance import deadlines, missing, permissions, positions, words
from dafeng.domains.enterprise.models import Covered, Surrender
from dafeng.kernel.actions import may
from dafeng.kernel.desk.registry import Entry, Task, register_entry, register_tasks
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records.access import organisations_of, roles_of

PLACES = (
    (gettext_lazy("碳市场履约"), "compliance-home", permissions.SEE, 40),
    (gettext_lazy("全市履约"), "compliance-city", permissions.SEE_CITY, 41),
    (gettext_lazy("谁应进入碳市场"), "compliance-screening", permissions.SEE_CITY, 41),
    (gettext_lazy("重点排放单位名录"), "compliance-lists", permissions.SEE_CITY, 41),
    (gettext_lazy("核证自愿减排量批次"), "compliance-ccer", permissions.SEE_CITY, 41),
    (gettext_lazy("配额试算"), "compliance-trial", permissions.PLAN, 42),
    (gettext_lazy("配额规则"), "compliance-rules", permissions.SEE_RULES, 42),
    (gettext_lazy("碳价"), "compliance-prices", permissions.SEE_RULES, 43),
    (gettext_lazy("履约日历"), "compliance-calendar", permissions.SEE_RULES, 44),
)


def _board(enterprise: Enterprise, year: int) -> str:
    return f"{reverse('enterprise:compliance-board', kwargs={'code': enterprise.code})}?year={year}"


def _owed(user: Any, now: datetime) -> Iterator[Task]:
    """A firm's own duty, from the registration on until it is fulfilled or applied for."""
    if "enterprise" not in roles_of(user):
        return
    today = timezone.localdate(now)
    mine = Covered.objects.filter(year=positions.current_year(today), enterprise__organisation__in=organisations_of(user) - {""})  # fmt: skip
    entries = list(mine.select_related("enterprise"))
    for each in positions.positions(entries, today=today) if entries else ():
        if each.state not in ("open", "late"):
            continue
        yield Task(
            title=_("清缴 %(year)s 年度配额") % {"year": each.covered.year},
            why=_("%(name)s 还有 %(t)s 吨待清缴") % {"name": each.enterprise.called(english=words.english()), "t": words.tonnes(each.outstanding)},
            href=_board(each.enterprise, each.covered.year), since=now,
            due=timezone.make_aware(datetime.combine(each.due, time.max)), kind=deadlines.KIND,
        )  # fmt: skip


def _applied(user: Any, now: datetime) -> Iterator[Task]:
    """Applications that the bureau has to decide."""
    if not may(user, permissions.DECIDE):
        return
    for each in Surrender.objects.filter(state=Surrender.State.APPLIED).select_related("enterprise").order_by("applied_at")[:50]:  # fmt: skip
        name = each.enterprise.called(english=words.english())
        yield Task(
            title=_("办理 %(name)s 的清缴申请") % {"name": name}, why=_("%(year)s 年度 %(t)s 吨") % {"year": each.year, "t": words.tonnes(each.tonnes + each.ccer)},
            href=_board(each.enterprise, each.year), since=each.applied_at, kind="enterprise.compliance.applied",
        )  # fmt: skip


def _missing(user: Any, now: datetime) -> Iterator[Task]:
    """Units without class or cooling in the year whose surrender comes next: the bureau has them told, or types the units."""
    if not may(user, permissions.DECIDE):
        return
    year = positions.current_year(timezone.localdate(now))
    for each in missing.of(missing.waiting(year), year)[:50]:
        name = each.enterprise.called(english=words.english())
        yield Task(
            title=_("%(name)s %(unit)s没有%(facts)s，算不出配额") % {"name": name, "unit": each.unit, "facts": "、".join(each.facts)},
            why=_("报告已锁定，请填写机组数据核定") if each.locked else _("请企业登记，再核定配额"), href=each.href, since=now, kind="enterprise.compliance.missing",
        )  # fmt: skip


def register() -> None:
    for title, name, wanted, order in PLACES:
        register_entry(Entry("enterprise", title, lambda name=name: reverse(f"enterprise:{name}"), wanted, order))
    register_tasks(_owed)
    register_tasks(_applied)
    register_tasks(_missing)
