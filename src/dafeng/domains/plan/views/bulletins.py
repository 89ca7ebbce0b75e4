"""Bulletins: the list, a preview with its stale badge, making one, and its files."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dafeng.domains.plan import bulletin_words, permissions
from dafeng.domains.plan.models import Bulletin
from dafeng.domains.plan.services import bulletins as services
from dafeng.domains.plan.services import supervision
from dafeng.domains.plan.services.city import city_of, first_city
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import NotFound
from dafeng.kernel.jobs import services as jobs
from dafeng.kernel.pages.tables import Choice, Column, Table

SHOWN = 80  # differences of a stale bulletin


@require_safe
@asks(permissions.SEE_WORK)
def bulletins(request: HttpRequest) -> HttpResponse:
    """All bulletins; the office makes one here."""
    city, today = first_city(), timezone.localdate()
    table = Table(
        request,
        Bulletin.objects.select_related("made_by").filter(services.visible(request.user), city=city).defer("content"),
        [
            Column("period", _("时期"), show=lambda b: bulletin_words.period_title(b.kind, b.period), link=_page),
            Column("kind", _("种类"), show=lambda b: bulletin_words.KINDS[b.kind]),
            Column("number", _("次"), numeric=True),
            Column("made_at", _("编制时间"), show=lambda b: timezone.localtime(b.made_at).strftime("%Y-%m-%d %H:%M")),
            Column("made_by", _("编制人"), sort=None, show=lambda b: str(b.made_by or _("系统"))),
        ],
        _("各期通报"),
        choices=[Choice("kind", _("种类"), bulletin_words.KINDS)],
        order="-made_at",
        empty=_("还没有编制过通报。"),
        file="bulletins",
    )  # fmt: skip
    if answer := table.download():
        return answer
    office = may(request.user, permissions.BULLETIN)
    context = {
        "table": table,
        "may_make": office and bool(city),
        "kinds": bulletin_words.KINDS,
        "period": str(supervision.month(today, back=1)),
        "issuer": _("%(city)s碳达峰碳中和工作领导小组办公室") % {"city": city_of(city).name} if office and city else "",
        "due": services.due(city, now=timezone.now()) if office and city else None,
    }
    return render(request, "plan/bulletins/list.html", context)


def _page(bulletin: Bulletin) -> str:
    return reverse("plan:bulletin", kwargs={"id": bulletin.pk})


@require_POST
@asks(permissions.BULLETIN)
def make(request: HttpRequest) -> HttpResponse:
    """Start making one, or join whoever is making the same."""
    city, now = first_city(), timezone.now()
    span = services.check(request.POST.get("kind", ""), request.POST.get("period", ""), now=now)
    job = jobs.start(
        "plan.bulletin",
        by=request.user,
        now=now,
        title=_("编制%(kind)s %(period)s") % {"kind": bulletin_words.KINDS[span.kind], "period": span.period},
        parameters={
            "city": city, "kind": span.kind, "period": span.period, "issuer": request.POST.get("issuer", ""),
            "reference": request.POST.get("reference", ""),
        },
        key=f"{city}-{span.kind}-{span.period}",
    )  # fmt: skip
    messages.info(request, _("已开始编制，完成后可在这里查看"))
    return redirect("job", id=job.pk)


@require_safe
@asks(permissions.SEE_WORK)
def bulletin(request: HttpRequest, id: int) -> HttpResponse:
    """The preview: the same text as the files. What has changed since is asked for, because it costs a second gathering."""
    found = services.bulletin_of(request.user, id)
    context: dict[str, Any] = {
        "bulletin": found,
        "title": bulletin_words.title_of(found.content),
        "dated": bulletin_words.day(found.content["dated"]),
        "blocks": [{"kind": type(block).__name__, "block": block, "rows": _rows(block)} for block in bulletin_words.blocks(found.content)],
        "kind": bulletin_words.KINDS[found.kind],
    }  # fmt: skip
    return render(request, "plan/bulletins/bulletin.html", context)


def _rows(block: Any) -> list[list[tuple[str, bool]]]:
    """Cells of a table with whether they are numbers."""
    return [
        [(cell, side == "r") for cell, side in zip(row, block.align, strict=True)] for row in getattr(block, "rows", ())
    ]


@require_safe
@asks(permissions.SEE_WORK)
def changes(request: HttpRequest, id: int) -> HttpResponse:
    """Whether the bulletin is stale, and what has changed: part of its page, or a page of its own."""
    found = services.bulletin_of(request.user, id)
    told = [
        {
            **each,
            "table": bulletin_words.TABLES.get(each["table"], each["table"]),
            "row": each["row"] or bulletin_words.COUNTS.get(each["field"], each["field"]),
            "field": "" if not each["row"] else each["field"],
        }
        for each in services.changed(found)
    ]
    context = {"bulletin": found, "title": bulletin_words.title_of(found.content), "changes": told[:SHOWN], "more": max(0, len(told) - SHOWN)}  # fmt: skip
    template = "changes_part.html" if request.headers.get("HX-Request") else "changes.html"
    return render(request, f"plan/bulletins/{template}", context)


@require_safe
@asks(permissions.SEE_WORK)
def file(request: HttpRequest, id: int, form: str) -> HttpResponse | FileResponse:
    """The file as it was made, or the snapshot as JSON."""
    found = services.bulletin_of(request.user, id)
    name = f"{bulletin_words.title_of(found.content)}-{found.number}.{form}"
    if form == "json":
        answer = JsonResponse(found.content | {"digest": found.digest}, json_dumps_params={"ensure_ascii": False, "indent": 1})  # fmt: skip
        answer["Content-Disposition"] = content_disposition_header(True, name) or ""
        return answer
    kept = {"docx": found.word, "pdf": found.pdf}.get(form)
    if kept is None:
        raise NotFound(_("没有这种文件"), expected="docx、pdf、json")
    return FileResponse(kept.file.open("rb"), as_attachment=True, filename=name, content_type=kept.media_type)


urlpatterns = [
    path("bulletins/", bulletins, name="bulletins"),
    path("bulletins/make/", make, name="bulletin-make"),
    path("bulletins/<int:id>/", bulletin, name="bulletin"),
    path("bulletins/<int:id>/changes/", changes, name="bulletin-changes"),
    path("bulletins/<int:id>/file.<str:form>", file, name="bulletin-file"),
]
