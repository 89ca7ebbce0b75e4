"""Places in the navigation, findings in the inbox, firms in the search."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.domains.energy.models import Anomaly, Measure, MonitoredFirm
from dafeng.domains.energy.monitoring import permissions, words
from dafeng.kernel.desk.registry import Entry, Hit, Rows, Task, register_entry, register_search, register_tasks
from dafeng.kernel.desk.subjects import Subject, register_subjects
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records.access import organisations_of, roles_of

PLACES = (
    (gettext_lazy("重点用能单位"), "monitoring-firms", 40),
    (gettext_lazy("用能异常"), "monitoring-anomalies", 41),
    (gettext_lazy("绿色用能评价"), "monitoring-rating", 42),
    (gettext_lazy("隔离的读数"), "monitoring-quarantine", 43),
    (gettext_lazy("计量点"), "series-points", 43),
)
MOST = 20


def _waiting(user: Any, now: datetime) -> Iterator[Task]:
    """Findings of their own firm, for its people: offices have the desk."""
    del now
    if "enterprise" not in roles_of(user):
        return
    mine = Anomaly.objects.filter(enterprise__organisation__in=organisations_of(user) - {""}, state=Anomaly.State.NEW)
    for each in mine.select_related("meter__point", "enterprise")[:MOST]:
        yield Task(
            title=f"{words.RULES[each.kind].title} · {each.meter.point.called(english=words.english())}", why=_("用能异常，请核实"),
            href=reverse("energy:monitoring-anomaly", kwargs={"id": each.pk}), since=each.found_at, kind="energy.anomaly",
        )  # fmt: skip


def _due(user: Any, now: datetime) -> Iterator[Task]:
    """Measures of their own firm's saving plan that are due within a week, or late."""
    if "enterprise" not in roles_of(user):
        return
    soon = timezone.localdate(now) + timedelta(days=7)
    going = (Measure.State.PLANNED, Measure.State.DOING)
    mine = Measure.objects.filter(
        enterprise__organisation__in=organisations_of(user) - {""}, state__in=going, due__lte=soon
    )
    for each in mine.select_related("enterprise")[:MOST]:
        due = timezone.make_aware(datetime.combine(each.due + timedelta(days=1), datetime.min.time()))
        yield Task(
            title=each.title, why=_("节能计划里的措施到期，请登记进展"), since=each.made_at, due=due, kind="energy.measure",
            href=reverse("energy:monitoring-advice", kwargs={"code": each.enterprise.code}),
        )  # fmt: skip


def _search(user: Any, text: str, limit: int) -> Iterator[Rows]:
    yield Rows(
        MonitoredFirm.objects.for_user(user).filter(enterprise__name__icontains=text),
        ("enterprise__code", "enterprise__name", "enterprise__name_en"),
        lambda row: Hit(
            (row["enterprise__name_en"] if words.english() else "") or row["enterprise__name"],
            _("用能监测"),
            reverse("energy:monitoring-board", kwargs={"code": row["enterprise__code"]}),
            _("能源"),
        ),
    )


def _named(user: Any, codes: Collection[str]) -> dict[str, Subject]:
    """Firms, with their board where they are monitored."""
    rows = Enterprise.objects.for_user(user).filter(code__in=codes)
    return {
        code: Subject(
            (english if words.english() else "") or name,
            reverse("energy:monitoring-board", kwargs={"code": code}) if monitored else "",
        )
        for code, name, english, monitored in rows.values_list("code", "name", "name_en", "energy_monitored")
    }


def register() -> None:
    for title, name, order in PLACES:
        register_entry(Entry("energy", title, lambda name=name: reverse(f"energy:{name}"), permissions.SEE, order))  # type: ignore[misc]
    register_tasks(_waiting)
    register_tasks(_due)
    register_search(_search)
    register_subjects("enterprise", _named)
