"""调度通报 and assessment reports: a frozen snapshot of the facts, with the Word and PDF made of it.

Made anew for the same period it is the next number; what was made stays as it was. A bulletin is *stale* when the facts that it
was made of would now be told otherwise, and it says which.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import Max, Q
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from dafeng.domains.plan import bulletin_words, permissions
from dafeng.domains.plan.documents.blocks import Document
from dafeng.domains.plan.models import Bulletin, Version
from dafeng.domains.plan.procedure import rule
from dafeng.domains.plan.services import bulletin_facts, supervision
from dafeng.domains.plan.services.bulletin_facts import MONTH, Span, span_of
from dafeng.domains.plan.services.city import city_of
from dafeng.kernel.actions import demand, may
from dafeng.kernel.desk import services as desk
from dafeng.kernel.errors import NotFound, PlanError
from dafeng.kernel.records import services as records

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PDF = "application/pdf"


def visible(user: Any) -> Q:
    """Bulletins are the offices'."""
    return Q() if may(user, permissions.SEE_WORK) else Q(pk__in=[])


def bulletin_of(user: Any, pk: int) -> Bulletin:
    """Raises `NotFound` for one that is not there, or not for this person."""
    found = Bulletin.objects.select_related("made_by", "word", "pdf").filter(visible(user), pk=pk).first()
    if found is None:
        raise NotFound(_("没有这份通报"), mend=_("请从通报列表进入"))
    return found


def check(kind: str, period: str, *, now: datetime) -> Span:
    """The span to tell of. Raises `PlanError` for one that has not begun."""
    span = span_of(kind, period)
    if span.first > timezone.localdate(now):
        raise PlanError(_("%(period)s 还没有开始") % {"period": span.period}, mend=_("请选择已经开始的时期"))
    return span


def make(
    city: str, kind: str, period: str, *, issuer: str, reference: str = "", by: Any, now: datetime,
    step: Callable[[str, int, int], None] = lambda message, done, total: None,
) -> Bulletin:  # fmt: skip
    """Gather, freeze, and write the files. Nothing is stored before both files are made."""
    if by is not None:
        demand(by, permissions.BULLETIN)
    span = check(kind, period, now=now)
    if not issuer.strip():
        raise PlanError(_("请填写发文机关"))
    today = timezone.localdate(now)
    step(_("汇总数据"), 0, 3)
    with translation.override("zh-hans"):  # an official paper, whatever language its maker reads
        facts = bulletin_facts.gather(city, span, min(span.last, today))
    content = {
        "format": "dafeng.bulletin/1", "city": city, "city_name": city_of(city).name, "kind": kind, "period": span.period,
        "issuer": issuer.strip()[:60], "reference": reference.strip()[:60], "dated": str(today), "facts": facts,
    }  # fmt: skip
    step(_("生成 Word"), 1, 3)
    files = documents(content)
    word = files["docx"]()
    step(_("生成 PDF"), 2, 3)
    pdf = files["pdf"]()
    name = bulletin_words.title_of(content)
    with records.serial():
        same = Bulletin.objects.filter(city=city, kind=kind, period=span.period)
        number = (same.aggregate(last=Max("number"))["last"] or 0) + 1
        kept = {
            form: records.store_evidence(data, name=f"{name}-{number}.{form}", media_type=media, by=by, now=now, source=_("平台编制"))
            for form, data, media in (("docx", word, WORD), ("pdf", pdf, PDF))
        }  # fmt: skip
        made = Bulletin.objects.create(
            city=city, kind=kind, period=span.period, number=number, content=content, digest=bulletin_facts.digest(facts),
            made_at=now, made_by=by, word=kept["docx"], pdf=kept["pdf"],
        )  # fmt: skip
        detail = {"kind": kind, "period": span.period, "number": number, "digest": made.digest}
        records.audit(by, "plan.bulletin", "plan-bulletin", str(made.pk), detail, now=now)
    return made


def documents(content: Mapping[str, Any]) -> dict[str, Callable[[], bytes]]:
    """The files that a snapshot gives, by ending; each is made when called."""
    from dafeng.domains.plan.documents.pdf import make_pdf  # Word and Typst load slowly, and only a job needs them
    from dafeng.domains.plan.documents.word import make_word

    with translation.override("zh-hans"):
        document = Document(
            bulletin_words.title_of(content),
            content["issuer"],
            content["reference"],
            date.fromisoformat(content["dated"]),
            tuple(bulletin_words.blocks(content)),
        )
    return {"docx": lambda: make_word(document), "pdf": lambda: make_pdf(document)}


def changed(bulletin: Bulletin) -> list[dict[str, str]]:
    """What would be told otherwise now, of the same period up to the same cut-off; empty while it is not stale."""
    before = bulletin.content["facts"]
    span = span_of(bulletin.kind, bulletin.period)
    with translation.override("zh-hans"):
        after = bulletin_facts.gather(bulletin.city, span, date.fromisoformat(before["span"]["cutoff"]))
        if bulletin_facts.digest(after) == bulletin.digest:
            return []
        return bulletin_facts.differences(before, after)


# ---------------------------------------------------------------- reminding


def due(city: str, *, now: datetime) -> tuple[str, date] | None:
    """The month whose bulletin has not been made, and the day by which it should be; None when it has, or no plan holds."""
    if not Version.objects.filter(plan__city=city, current=True).exists():
        return None
    today = timezone.localdate(now)
    last = supervision.month(today, back=1)
    if Bulletin.objects.filter(city=city, kind=MONTH, period=str(last)).exists():
        return None
    return str(last), today.replace(day=rule("bulletin", today)["due_day"])


def remind(city: str, *, now: datetime) -> int:
    """Tell the office of a month that still lacks its bulletin. Returns how many were told."""
    lacking = due(city, now=now)
    if lacking is None:
        return 0
    period, by_day = lacking
    people = records.people_of(roles=["ndrc"], places=[city])
    told = desk.notify(
        people,
        kind="plan",
        title=_("请在 %(day)s 前编发 %(period)s 调度通报") % {"day": by_day, "period": period},
        href=reverse("plan:bulletins"),
        now=now,
    )
    return len(told)
