"""The portal's own entries in the navigation, its inbox providers, and the groups in their order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.kernel.desk.registry import (
    Entry,
    Task,
    due_of,
    entries_for,
    page_of,
    register_entry,
    register_tasks,
    with_related,
)
from dafeng.kernel.jobs.models import Job
from dafeng.kernel.pages.kept import MINUTE, kept
from dafeng.kernel.records.access import standing
from dafeng.kernel.records.models import Record
from dafeng.portal import permissions

# Groups in the order of the page; a domain names one of these codes in its entries.
GROUPS = {
    "overview": gettext_lazy("总览"),
    "inventory": gettext_lazy("清单"),
    "plan": gettext_lazy("方案"),
    "enterprise": gettext_lazy("企业"),
    "energy": gettext_lazy("能源"),
    "inclusion": gettext_lazy("信碳通"),
    "market": gettext_lazy("市场与金融"),
    "public": gettext_lazy("公开与监督"),
    "system": gettext_lazy("系统"),
}
ON_A_SCREEN = 24  # places


def register() -> None:
    for group, title, name, wanted, order in (
        ("overview", gettext_lazy("首页"), "home", permissions.READ, 0),
        ("overview", gettext_lazy("我的待办"), "tasks", permissions.WORK, 1),
        ("overview", gettext_lazy("通知"), "notices", permissions.WORK, 2),
        ("overview", gettext_lazy("后台任务"), "jobs", permissions.WORK, 3),
        ("public", gettext_lazy("公开账本"), "ledger", permissions.READ, 79),
        ("system", gettext_lazy("审计"), "audit", permissions.AUDIT, 90),
        ("system", gettext_lazy("权限一览"), "access", permissions.READ, 91),
        ("system", gettext_lazy("开放接口"), "api-docs", permissions.READ, 95),
        ("system", gettext_lazy("组件"), "components", permissions.READ, 96),
    ):
        register_entry(Entry(group, title, lambda name=name: reverse(name), wanted, order))
    register_tasks(_records)
    register_tasks(_failed_jobs)


def menu_of(user: Any, path: str) -> SafeString:
    """The navigation as this person sees it at this address: the entry whose address begins the present one is current."""
    stands = standing(user)
    places = kept("places", stands, make=lambda: _places(user), seconds=_lasts)
    fitting = [href for *_, href in places if href and (path == href or (href != "/" and path.startswith(href)))]
    current = max(fitting, key=len, default="")
    return mark_safe(kept("menu", places, current, make=lambda: _drawn(places, current)))


def _places(user: Any) -> list[tuple[str, str, str]]:
    """(group, title, address) of the entries that a person may see, in order; no address: it leads nowhere yet."""
    return [(entry.group, str(entry.title), entry.href()) for entry in entries_for(user)]


def _lasts(places: list[tuple[str, str, str]]) -> float:
    """Addresses name the first city, which is itself kept for a minute; before there is one nothing is kept for long."""
    return MINUTE if all(href for *_, href in places) else 2


def _drawn(places: list[tuple[str, str, str]], current: str) -> str:
    """Groups fold where there are more places than a screen shows; the first and the present one stay open."""
    shown = [each for each in places if each[2]]
    menu = []
    for group, title in GROUPS.items():
        entries = [{"title": name, "href": href, "current": href == current} for at, name, href in shown if at == group]
        if entries:
            here = any(each["current"] for each in entries)
            menu.append({"title": title, "entries": entries, "open": not menu or here or len(shown) <= ON_A_SCREEN})
    return render_to_string("parts/navigation.html", {"menu": menu})


def _records(user: Any, now: datetime) -> Iterator[Task]:
    """Records that this person could move now."""
    for record in with_related(Record.objects.waiting_for(user).order_by("changed_at")[:200]):
        yield Task(
            title=record.title,
            why=f"{record.workflow.title}：{record.state_title}",
            href=page_of(record) or reverse("record", kwargs={"id": record.pk}),
            since=record.changed_at,
            due=due_of(record),
            kind=record.kind,
        )


def _failed_jobs(user: Any, now: datetime) -> Iterator[Task]:
    """A person's own jobs that failed and were not begun again."""
    for job in Job.objects.filter(by=user, state=Job.State.FAILED, retries=None)[:20]:
        yield Task(
            title=job.title,
            why=_("后台任务没有完成，可以重试"),
            href=reverse("job", kwargs={"id": job.pk}),
            since=job.finished_at or job.created_at,
            kind="job",
        )
