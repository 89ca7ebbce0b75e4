"""An enterprise about itself: its duties, what it files; and the office that checks it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.disclosure import permissions, register, rules
from dafeng.domains.disclosure.errors import DisclosureError
from dafeng.domains.disclosure.forms import FilingForm
from dafeng.domains.disclosure.models import Filing
from dafeng.domains.disclosure.views.place_and_time import clock
from dafeng.domains.disclosure.views.register import duty_of, state_words
from dafeng.kernel.actions import asks
from dafeng.kernel.errors import DafengError, NotFound, StaleError, TransitionError, UploadError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence, Record
from dafeng.kernel.records.services import organisations_of

REPORT_BYTES = 20 * 2**20
_REPORTS = {b"%PDF-": "application/pdf", b"PK\x03\x04": "application/vnd.openxmlformats-officedocument.wordprocessingml.document"}  # fmt: skip


@require_safe
@asks(permissions.OWN)
def own(request: HttpRequest) -> HttpResponse:
    """An enterprise's own duties, what is open first."""
    _now, today = clock()
    words = state_words()
    rows = [
        {
            "line": line,
            "state": words[str(line.state)],
            "stage": register.stage_of(line, today=today),
            "days": (line.duty.due - today).days,
            "returned": next((f for f in line.duty.filings.all() if f.record.state == "returned"), None),
        }
        for line in register.own_lines(request.user, today=today)
    ]
    return render(request, "disclosure/own.html", {"rows": rows})


def _report(request: HttpRequest, given: Any) -> list[Evidence]:
    """The uploaded report as evidence: PDF or Word by its first bytes. Raises `UploadError`."""
    if not given:
        return []
    head = given.file.read(8)
    given.file.seek(0)
    media = next((kind for mark, kind in _REPORTS.items() if head.startswith(mark)), "")
    ending = given.name.lower().rpartition(".")[2]
    if not media or ending not in ("pdf", "docx") or (ending == "pdf") != (media == "application/pdf"):
        raise UploadError(_("文件“%(name)s”不是 PDF 或 Word") % {"name": given.name[:60]}, expected=_(".pdf 或 .docx"))
    if given.size > REPORT_BYTES:
        raise UploadError(_("文件太大"), expected=_("不超过 20 MB"))
    kept = records.store_evidence(
        given.file, name=given.name, media_type=media, by=request.user, now=timezone.now(), source=_("披露报告")
    )
    return [kept]


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.FILE)
def file(request: HttpRequest, duty: int) -> HttpResponse:
    """Hand in what was disclosed, or mend what was returned."""
    found = duty_of(duty, withdrawn_at=None)
    if not permissions.may_file(request.user, found):
        raise NotFound(_("名录里没有这一项"))
    returned = found.filings.filter(record__state="returned").select_related("record").order_by("-record__seq").first()
    mine = returned if returned and returned.record.created_by_id == request.user.pk else None
    initial = {name: getattr(mine, name) for name in ("disclosed_on", "link", "greenhouse", "verified")} if mine else {}
    form = FilingForm(request.POST or None, request.FILES or None, initial=initial)
    last = returned.record.moves.filter(to_state="returned").order_by("-seq").first() if returned else None
    context: dict[str, Any] = {
        "duty": found, "kind": rules.duty_kinds()[found.kind], "form": form, "returned": returned,
        "reason": last.reason if last else "", "city": found.entity.city,
    }  # fmt: skip
    if request.method != "POST":
        return render(request, "disclosure/file.html", context)
    if form.is_valid():
        given, (now, today) = form.cleaned_data, clock()
        try:
            with records.serial():
                evidence = _report(request, given.pop("file"))
                if mine:
                    mine.duty = found
                    filing = register.amend_filing(
                        mine, **given, evidence=evidence, by=request.user, now=now, today=today
                    )
                else:
                    filing = register.submit_filing(
                        found, **given, evidence=evidence, by=request.user, now=now, today=today
                    )
        except (DisclosureError, UploadError, TransitionError) as error:
            return render(request, "disclosure/file.html", context | {"error": error.as_dict()}, status=422)
        messages.success(request, _("已报送，生态环境局核对后公开"))
        return redirect("disclosure:filing", id=filing.record_id)
    return render(request, "disclosure/file.html", context, status=422)


def _filing(request: HttpRequest, id: UUID) -> Filing:
    record = Record.objects.for_user(request.user).of_kind(register.KIND).filter(pk=id).first()
    if record is None:
        raise NotFound(_("没有这份披露材料"))
    return register.filing_of(record)


@require_safe
@asks(permissions.SEE_FILING)
def filing(request: HttpRequest, id: UUID) -> HttpResponse:
    """One filing with its checklist, its file and its history."""
    found = _filing(request, id)
    workflow = found.record.workflow
    inside = bool(
        permissions.OFFICES & records.roles_of(request.user)
    ) or found.duty.entity.organisation in organisations_of(request.user)
    context = {
        "filing": found,
        "duty": found.duty,
        "kind": rules.duty_kinds()[found.duty.kind],
        "evidence": list(found.record.evidence.all()),
        "steps": [each for each in records.actions(found.record, request.user) if each.action != "resubmit"],
        "mends": found.record.state == "returned" and found.record.created_by_id == request.user.pk,
        "events": [
            {"title": _("报送") if move.action == "open" else _("修改") if move.action == "amend" else workflow.title_of(move.action), "at": move.at, "by": move.by or _("系统"), "text": move.reason, "bad": move.action in ("return", "retract")}
            for move in (found.record.moves.select_related("by") if inside else ())
        ],
    }  # fmt: skip
    return render(request, "disclosure/filing.html", context)


@require_POST
@asks(permissions.CHECK)
def filing_step(request: HttpRequest, id: UUID) -> HttpResponse:
    found, (now, today) = _filing(request, id), clock()
    if request.POST.get("state") != found.record.state:
        raise StaleError(
            _("这份材料已被他人办理，现为“%(state)s”") % {"state": found.record.state_title}, mend=_("请返回看最新情况")
        )
    try:
        register.move_filing(
            found, request.POST.get("action", ""), by=request.user, now=now, today=today, reason=request.POST.get("reason", "")
        )  # fmt: skip
    except DafengError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("已办理：%(state)s") % {"state": found.record.state_title})
    return redirect("disclosure:filing", id=id)


@require_safe
@asks(permissions.SEE)
def report(request: HttpRequest, id: UUID) -> FileResponse:
    """The file of a filing: public once the filing is, before that for those who may see it."""
    held = _filing(request, id).record.evidence.first()
    if held is None:
        raise NotFound(_("这份材料没有附文件"))
    return FileResponse(
        held.file.open("rb"), as_attachment=True, filename=held.name, content_type="application/octet-stream"
    )


urlpatterns = [
    path("own/", own, name="own"),
    path("duties/<int:duty>/file/", file, name="file"),
    path("filings/<uuid:id>/", filing, name="filing"),
    path("filings/<uuid:id>/step/", filing_step, name="filing-step"),
    path("filings/<uuid:id>/report/", report, name="report"),
]
