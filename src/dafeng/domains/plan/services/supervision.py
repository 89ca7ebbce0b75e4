"""When a task is late, nearly due or not updated, and when progress may be reported: dated rules, kept as data.

A task's state is asked of the database (`with_state`), so that a list of any length is sorted, filtered and counted there.
The rules stand in `supervision.toml`; the page prints them in words beside the states that they make.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files

from django.db.models import (
    Case,
    CharField,
    Count,
    DateField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from dafeng.domains.plan.models import Owner, Progress, Task, Version
from dafeng.kernel.errors import PeriodError, PlanError
from dafeng.kernel.quantities.periods import Period

DONE, OVERDUE, SILENT, SOON, GOOD = STATES = ("done", "overdue", "silent", "soon", "good")
TITLES = {
    DONE: gettext_lazy("已完成"),
    OVERDUE: gettext_lazy("逾期"),
    SILENT: gettext_lazy("未更新"),
    SOON: gettext_lazy("即将到期"),
    GOOD: pgettext_lazy("任务状态", "正常"),  # a person who may work is 正常 as well, and is “Active” in English
}
SIGNS = {DONE: ("ok", "✓"), OVERDUE: ("bad", "■"), SILENT: ("warn", "◇"), SOON: ("warn", "▲"), GOOD: ("", "●")}
HANDED_IN = ("submitted", "accepted")


@dataclass(frozen=True)
class Rule:
    valid_from: date
    due_soon_days: int
    report_closes_day: int
    silent_months: int
    remind_days_before: tuple[int, ...]
    standing: str

    def words(self) -> list[str]:
        """The rule as the page says it."""
        return [
            _("逾期：过了期限还没有完成。"),
            _("未更新：连续 %(count)s 个已截止的月份没有报送进展（起算后满这么久的任务才算）。") % {"count": self.silent_months},
            _("即将到期：期限在 %(days)s 天之内。") % {"days": self.due_soon_days},
            _("某月进展自当月 1 日起填报，次月 %(day)s 日截止；截止后该月关闭。") % {"day": self.report_closes_day},
            _("自 %(date)s 起执行；%(standing)s。") % {"date": self.valid_from, "standing": self.standing},
        ]  # fmt: skip

    def closes_on(self, period: Period) -> date:
        """The last day on which progress of a month may be reported."""
        return (period.end + timedelta(days=1)).replace(day=self.report_closes_day)


@cache
def rules() -> tuple[Rule, ...]:
    rows = tomllib.loads(files("dafeng.domains.plan").joinpath("supervision.toml").read_text("utf-8"))["rule"]
    made = (Rule(**(row | {"remind_days_before": tuple(row["remind_days_before"])})) for row in rows)
    return tuple(sorted(made, key=lambda rule: rule.valid_from))


def rule_at(day: date) -> Rule:
    """The rule in force on a day. Raises `PlanError` before the first."""
    found = [each for each in rules() if each.valid_from <= day]
    if not found:
        raise PlanError(f"{day} 还没有督办规则", expected=f"{rules()[0].valid_from} 或以后")
    return found[-1]


def day_of(now: datetime) -> date:
    """The city's civil date."""
    return timezone.localtime(now).date()


def month(day: date, *, back: int = 0) -> Period:
    number = day.year * 12 + day.month - 1 - back
    return Period(number // 12, None, number % 12 + 1)


def open_periods(day: date) -> list[Period]:
    """Months whose progress may be reported today, the one that closes first in front."""
    rule = rule_at(day)
    return [each for each in (month(day, back=1), month(day)) if day <= rule.closes_on(each)]


def last_closed(day: date) -> Period:
    """The newest month that can no longer be reported."""
    return month(day, back=1 if len(open_periods(day)) == 1 else 2)


def check_period(text: str, day: date) -> Period:
    """A month that may be reported today. Raises `PlanError` for one that is closed or has not begun."""
    try:
        period = Period.parse(text)
    except PeriodError as error:
        raise PlanError(error.what, expected=_("月份，如 2026-11")) from error
    still = open_periods(day)
    if period.month is None or period not in still:
        shown = "、".join(map(str, still))
        if period.month is not None and period.start <= day:
            closed = rule_at(day).closes_on(period)
            raise PlanError(
                _("%(period)s 的填报已于 %(day)s 截止") % {"period": period, "day": closed},
                expected=shown,
                mend=_("请填报仍开放的月份；确需补报，请联系市双碳办"),
            )
        raise PlanError(_("%(period)s 还不能填报") % {"period": text[:12]}, expected=shown)
    return period


def silent_before(day: date) -> Period:
    """A task whose newest report is of this month or older is not updated."""
    rule, closed = rule_at(day), last_closed(day)
    return month(closed.start, back=rule.silent_months)


def with_state(tasks: QuerySet[Task], *, day: date) -> QuerySet[Task]:
    """Tasks with `last_period`, `percent` (of the newest accepted report) and `state`."""
    rule = rule_at(day)
    reports = Progress.objects.filter(task=OuterRef("pk"))
    handed = reports.filter(record__state__in=HANDED_IN).order_by("-period")
    accepted = reports.filter(record__state="accepted", percent__isnull=False).order_by("-period", "-percent")
    begun = Owner.objects.filter(task=OuterRef("pk"), until=None, since__isnull=False).order_by("since")
    limit = silent_before(day)
    never = Coalesce(Subquery(begun.values("since")[:1]), F("plan__issued_on"), output_field=DateField())
    quiet = Q(last_period__lte=str(limit)) | Q(last_period=None, begun_on__lte=limit.end)
    soon = day + timedelta(days=rule.due_soon_days)
    return tasks.annotate(
        last_period=Subquery(handed.values("period")[:1]),
        percent=Subquery(accepted.values("percent")[:1]),
        begun_on=never,
    ).annotate(
        state=Case(
            When(done_on__isnull=False, then=Value(DONE)),
            When(due_on__lt=day, then=Value(OVERDUE)),
            When(quiet, then=Value(SILENT)),
            When(due_on__lte=soon, then=Value(SOON)),
            default=Value(GOOD),
            output_field=CharField(),
        ),
    )


def in_force(city: str = "") -> QuerySet[Task]:
    """Tasks that no newer version has dropped."""
    found = Task.objects.filter(dropped_in=None)
    return found.filter(plan__city=city) if city else found


def published(tasks: QuerySet[Task]) -> QuerySet[Task]:
    """Those of plans that have an accepted version: what the public may see."""
    return tasks.filter(Exists(Version.objects.filter(plan=OuterRef("plan"), current=True)))


def owned_by(tasks: QuerySet[Task], departments: Iterable[str]) -> QuerySet[Task]:
    """Tasks that one of the departments answers for today."""
    return tasks.filter(Exists(Owner.objects.filter(task=OuterRef("pk"), department__in=list(departments), until=None)))


def counts(tasks: QuerySet[Task]) -> dict[str, int]:
    """How many of the tasks (with state) are in each state."""
    found = dict(tasks.order_by().values_list("state").annotate(number=Count("pk")))
    return {state: found.get(state, 0) for state in STATES}
