"""What verification lays on people's desks: places in the navigation, the pages of its records, terms in the inbox, bodies in the search."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.domains.enterprise.verification import bodies, findings, permissions, words
from dafeng.kernel.bodies import offer
from dafeng.kernel.desk.registry import Entry, Hit, Rows, register_entry, register_page, register_search
from dafeng.kernel.records import workflows

ENTRIES = (
    (gettext_lazy("排放报告核查"), "verification-desk", permissions.SEE, 30),
    (gettext_lazy("核查委派与进度"), "verification-bureau", permissions.SUPERVISE, 31),
    (gettext_lazy("核查数据抽查"), "verification-spots", permissions.SEE, 31),
    (gettext_lazy("第三方机构名录"), "verification-bodies", permissions.SEE_BODIES, 32),
    (gettext_lazy("复核申请与投诉"), "verification-objections", permissions.COMPLAIN, 33),
)


def _page_of_case(record: Any) -> str:
    return reverse("enterprise:verification", kwargs={"id": record.enterprise_verification.pk})


def _due_of_case(record: Any) -> datetime | None:
    running = [each for each in findings.clocks_of(record.enterprise_verification, now=timezone.now()) if each.runs]
    return _end_of(min(each.due.day for each in running)) if running else None


def _page_of_spot(record: Any) -> str:
    return reverse("enterprise:verification-spot", kwargs={"id": record.enterprise_spot_check.pk})


def _page_of_body(record: Any) -> str:
    return reverse("enterprise:verification-body", kwargs={"code": record.enterprise_body.code})


def _page_of_objection(record: Any) -> str:
    return reverse("enterprise:verification-objection", kwargs={"id": record.enterprise_objection.pk})


def _due_of_objection(record: Any) -> datetime:
    return _end_of(record.enterprise_objection.due)


def _end_of(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.max))


def _search(user: Any, text: str, limit: int) -> Iterator[Rows]:
    yield Rows(
        bodies.seen(user).filter(Q(name__icontains=text) | Q(name_en__icontains=text)),
        ("code", "name", "name_en", "record__kind", "record__state"),
        lambda row: Hit(
            (row["name_en"] if words.english() else "") or row["name"],
            workflows.state_title(row["record__kind"], row["record__state"]),
            reverse("enterprise:verification-body", kwargs={"code": row["code"]}),
            _("第三方机构"),
        ),
    )


def register() -> None:
    offer(bodies.listed)
    for title, name, action, order in ENTRIES:
        register_entry(Entry("enterprise", title, lambda name=name: reverse(f"enterprise:{name}"), action, order))
    register_page(
        "enterprise.verification",
        _page_of_case,
        due=_due_of_case,
        related=("enterprise_verification__report__enterprise", "enterprise_verification__record"),
    )
    register_page("enterprise.spot-check", _page_of_spot, related=("enterprise_spot_check",))
    register_page("enterprise.body", _page_of_body, related=("enterprise_body",))
    for kind in ("enterprise.objection", "enterprise.body-complaint"):
        register_page(kind, _page_of_objection, due=_due_of_objection, related=("enterprise_objection",))
    register_search(_search)
