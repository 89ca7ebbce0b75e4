"""What the domain lays on people's desks: places in the navigation, duties in the inbox, published things in the search."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time
from typing import Any

from django.core.cache import cache
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.domains.disclosure import exposures, permissions, register, voices
from dafeng.domains.disclosure.models import Duty, Entity, Exposure, Voice
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
from dafeng.kernel.records.models import Record
from dafeng.kernel.records.services import roles_of

# title, address name, action, order; the last element tells whether the address takes the city's code
ROOMS = (
    (gettext_lazy("公开数据"), "city", permissions.SEE, 70, True),
    (gettext_lazy("披露名录"), "public-register", permissions.SEE, 71, True),
    (gettext_lazy("举报与提问"), "voice", permissions.SEE, 72, True),
    (gettext_lazy("问答公开"), "answers", permissions.SEE, 73, True),
    (gettext_lazy("负面典型"), "cases", permissions.SEE, 74, True),
    (gettext_lazy("本企业披露"), "own", permissions.OWN, 75, False),
    (gettext_lazy("披露台账"), "desk-register", permissions.SEE_REGISTER, 76, True),
    (gettext_lazy("来件办理"), "desk-voices", permissions.SEE_VOICES, 77, True),
    (gettext_lazy("案例办理"), "desk-cases", permissions.SEE_CASES, 78, True),
)


def first_city() -> str:
    """The city of the navigation, kept for a minute: every page asks."""
    from dafeng.domains.disclosure.services import first_city as found

    code: str | None = cache.get("disclosure:first-city")
    if code is None:
        code = found() or ""
        cache.set("disclosure:first-city", code, 60)
    return code


def _address(name: str, of_city: bool) -> str:
    if not of_city:
        return reverse(f"disclosure:{name}")
    code = first_city()
    return reverse(f"disclosure:{name}", kwargs={"code": code}) if code else ""


def _duties(user: Any, now: datetime) -> Iterator[Task]:
    """An enterprise's duties that are due soon or overdue."""
    if "enterprise" not in roles_of(user):
        return
    today = timezone.localdate(now)
    for line in register.own_lines(user, today=today):
        if register.stage_of(line, today=today):
            due = timezone.make_aware(datetime.combine(line.duty.due, time.max))
            yield Task(
                title=f"{line.duty.year} {line.kind.label}",
                why=_("%(name)s 尚未披露") % {"name": line.entity.name},
                href=reverse("disclosure:file", kwargs={"duty": line.duty.pk}),
                since=line.entity.created_at,
                due=due,
                kind="disclosure.duty",
            )


def _search(user: Any, text: str, limit: int) -> Iterator[Rows]:
    """Enterprises of the register, published answers and cases: what everybody may see."""
    today = timezone.localdate()
    bound = Exists(Duty.objects.filter(entity=OuterRef("pk"), withdrawn_at=None))
    yield Rows(
        Entity.objects.filter(bound, name__icontains=text),
        ("name", "city"),
        lambda row: Hit(
            row["name"],
            _("披露义务与状态"),
            f"{reverse('disclosure:public-register', kwargs={'code': row['city']})}?{urlencode({'q': row['name']})}",
            _("披露名录"),
        ),
    )
    said = Q(public_question__icontains=text) | Q(public_answer__icontains=text)
    yield Rows(
        Voice.objects.filter(said, record__state="published"),
        ("id", "city", "public_question", "public_answer"),
        lambda row: Hit(
            row["public_question"][:60],
            row["public_answer"][:80],
            f"{reverse('disclosure:answers', kwargs={'code': row['city']})}#{row['id'].hex}",
            _("问答公开"),
        ),
    )
    yield Rows(
        Exposure.objects.public(today).filter(Q(subject__icontains=text) | Q(facts__icontains=text)),
        ("city", "subject", "facts"),
        lambda row: Hit(
            row["subject"], row["facts"][:80], reverse("disclosure:cases", kwargs={"code": row["city"]}), _("负面典型")
        ),
    )


def _due_of_voice(record: Record) -> datetime:
    """The end of the day by which an answer is due."""
    return timezone.make_aware(datetime.combine(record.voice.due, time.max))


def _page_of_filing(record: Record) -> str:
    return reverse("disclosure:filing", kwargs={"id": record.pk})


def _page_of_import(record: Record) -> str:
    return reverse("disclosure:import", kwargs={"id": record.pk})


def register_desk() -> None:
    for title, name, wanted, order, of_city in ROOMS:
        register_entry(
            Entry("public", title, lambda name=name, of_city=of_city: _address(name, of_city), wanted, order)
        )
    register_tasks(_duties)
    register_search(_search)
    register_page("disclosure.filing", _page_of_filing)
    register_page("disclosure.import", _page_of_import)
    register_page("disclosure.voice", voices.page_of, due=_due_of_voice, related=("voice",))
    register_page("disclosure.exposure", exposures.page_of)
