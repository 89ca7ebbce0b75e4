"""A citizen writes, follows, erases; an office directs, answers, publishes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.disclosure import people, permissions, receipts, rules, voices
from dafeng.domains.disclosure.errors import DisclosureError, RateLimited
from dafeng.domains.disclosure.forms import AnswerForm, AssignForm, PublishForm, ReasonForm, ReceiptForm, VoiceForm
from dafeng.domains.disclosure.limits import address_of
from dafeng.domains.disclosure.models import Voice
from dafeng.domains.disclosure.views.place_and_time import city_name, city_of, clock, places
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import DafengError, NotFound, StaleError
from dafeng.kernel.pages.tables import Choice, Column, Table
from dafeng.kernel.records import services as records
from dafeng.kernel.records.services import is_person

RECEIPT = "voice_receipt"


# ---------------------------------------------------------------- citizens


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@asks(permissions.SEE)
def voice(request: HttpRequest, code: str) -> HttpResponse:
    """The form. Without a login; what is typed stays when something is wrong with it."""
    city = city_of(code)
    if request.method == "POST":
        return _send(request, code)
    asked_kind = request.GET.get("kind", "")
    initial = {
        "about": voices.safe_about(request.GET.get("about", "")),
        "kind": asked_kind if asked_kind in Voice.Kind.values else "question" if request.GET.get("about") else "report",
        "place": request.GET.get("place", city.code),
    }
    return _form(request, code, VoiceForm(initial=initial, places=places(city)))


def _form(
    request: HttpRequest, code: str, form: VoiceForm, error: DafengError | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "city": city_of(code),
        "form": form,
        "error": error.as_dict() if error else None,
        "about": voices.safe_about(str(form["about"].value() or "")),
        "days": rules.voices("answer_working_days"),
    }
    return render(request, "disclosure/voice.html", context, status=status)


def _send(request: HttpRequest, code: str) -> HttpResponse:
    city = city_of(code)
    form = VoiceForm(request.POST, request.FILES, places=places(city))
    if request.POST.get("website"):
        # A field that people do not see: whoever fills it in is a program, or a form filler that went too far.
        odd = DisclosureError(_("请不要填写隐藏的“网址”一栏"), mend=_("清空后再提交；这不是您要填的内容"))
        return _form(request, code, form, odd, 422)
    if not form.is_valid():
        return _form(request, code, form, status=422)
    given = form.cleaned_data
    try:
        photos = [voices.Photo(each.name, each.size, each.read()) for each in given.pop("photos") if _small(each)]
        _made, receipt = voices.submit(
            city,
            **given,
            photos=photos,
            by=request.user if is_person(request.user) else None,
            address=address_of(request),
            now=timezone.now(),
        )
    except DafengError as error:
        return _form(request, code, form, error, 429 if isinstance(error, RateLimited) else 422)
    # Shown once: in the session, sealed, only until the next page has shown it.
    request.session[RECEIPT] = receipts.seal({"code": receipt}).decode()
    return redirect("disclosure:voice-sent", code=code)


def _small(file: Any) -> bool:
    """Told by its size, before it is read. Raises as `voices.clean_photos` does."""
    if file.size > rules.voices("photo_bytes"):
        voices.clean_photos([voices.Photo(file.name, file.size, b"")])
    return True


@require_safe
@never_cache
@asks(permissions.SEE)
def sent(request: HttpRequest, code: str) -> HttpResponse:
    """The receipt, once."""
    sealed = request.session.pop(RECEIPT, "")
    if not sealed:
        return redirect("disclosure:voice-status", code=code)
    receipt = receipts.unseal(sealed.encode())["code"]
    context = {"city": city_of(code), "receipt": receipt, "days": rules.voices("answer_working_days")}
    return render(request, "disclosure/voice_sent.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@sensitive_post_parameters("code")
@asks(permissions.FOLLOW)
def status(request: HttpRequest, code: str) -> HttpResponse:
    """State and answer by receipt. The code travels in the form's body, never in an address."""
    city = city_of(code)
    form = ReceiptForm(request.POST or None)
    context: dict[str, Any] = {"city": city, "form": form}
    answer_status = 200
    if request.method == "POST" and form.is_valid():
        try:
            found = voices.by_receipt(form.cleaned_data["code"], address=address_of(request), now=timezone.now())
        except (NotFound, RateLimited) as error:
            context["error"] = error.as_dict()
            answer_status = 429 if isinstance(error, RateLimited) else 404
        else:
            text, reason = voices.answer_for_writer(found)
            context |= {
                "voice": found,
                "answer": text,
                "reason": reason,
                "category": rules.categories().get(found.category, ""),
                "place": places(found.city).get(found.place, ""),
                "receipt": form.cleaned_data["code"],
            }
    return render(request, "disclosure/voice_status.html", context, status=answer_status)


@require_POST
@never_cache
@sensitive_post_parameters("code")
@asks(permissions.FOLLOW)
def erase(request: HttpRequest, code: str) -> HttpResponse:
    """The writer erases what is known of them."""
    now = timezone.now()
    found = voices.by_receipt(request.POST.get("code", ""), address=address_of(request), now=now)
    voices.erase(found, by=None, now=now, asked_by="writer")
    messages.success(
        request, _("您的称呼、联系方式、原文和照片已经删除。办理情况和公开的答复保留，其中没有您的个人信息。")
    )
    return redirect("disclosure:voice-status", code=code)


@require_safe
@asks(permissions.SEE)
def answers(request: HttpRequest, code: str) -> HttpResponse:
    """Published questions and answers, and how well the offices answer."""
    city = city_of(code)
    _now, today = clock()
    wanted = request.GET.get("q", "").replace("\0", "").strip()[:80]
    rows = voices.published(city)
    if wanted:
        rows = rows.filter(public_question__icontains=wanted) | rows.filter(public_answer__icontains=wanted)
    named, kinds, where = rules.categories(), dict(Voice.Kind.choices), places(city)
    shown = [
        row | {"id": id.hex, "kind": kinds[row["kind"]], "category": named.get(row["category"], ""), "place": where.get(row["place"], "")}
        for id, row in ((row.pop("id"), row) for row in rows.values("id", *voices.PUBLIC_FIELDS)[:200])
    ]  # fmt: skip
    context = {"city": city, "name": city_name(city), "rows": shown, "wanted": wanted, "statistics": voices.statistics(city, today=today), "days": rules.voices("answer_working_days")}  # fmt: skip
    return render(request, "disclosure/answers.html", context)


# ---------------------------------------------------------------- offices


@require_safe
@asks(permissions.SEE_VOICES)
def desk_voices(request: HttpRequest, code: str) -> HttpResponse:
    """The voices that this person may see, the most urgent first."""
    city = city_of(code)
    _now, today = clock()
    named, where = rules.categories(), places(city)
    states = {name: state.title for name, state in records.workflows.get(voices.KIND).states.items()}

    def due(voice: Voice) -> str:
        late = voice.record.state in voices.OPEN_STATES and voice.due < today
        return f"{voice.due}　{_('逾期')}" if late else str(voice.due)

    table = Table(
        request,
        voices.voices_for(request.user).filter(city=city),
        [
            Column("record.title", _("来件"), link=lambda v: voices.page_of(v.record), wide=True),
            Column("kind", _("类型"), show=lambda v: v.get_kind_display()),
            Column("category", _("事项"), show=lambda v: named.get(v.category, v.category)),
            Column("place", _("地点"), show=lambda v: where.get(v.place, v.place)),
            Column("record.state", _("状态"), show=lambda v: v.record.state_title),
            Column("office_name", _("承办单位"), show=lambda v: v.office_name or "–"),
            Column("due", _("期限"), show=due),
        ],
        _("市民来件"),
        search=("record__title", "text", "office_name"),
        choices=(
            Choice("state", _("状态"), states, column="record__state"),
            Choice("kind", _("类型"), dict(Voice.Kind.choices)),
            Choice("category", _("事项"), named),
        ),
        order="due",
        empty=_("没有来件。市民提交后会出现在这里。"),
        file="voices",
    )
    context = {"city": city, "table": table, "statistics": voices.statistics(city, today=today)}
    return table.download() or render(request, "disclosure/desk_voices.html", context)


def _voice(request: HttpRequest, id: UUID) -> Voice:
    found = voices.voices_for(request.user).filter(record_id=id).first()
    if found is None:
        raise NotFound(_("没有这件来件"), mend=_("它可能没有交给您的单位办理"))
    return found


@require_safe
@never_cache
@asks(permissions.SEE_VOICES)
def voice_desk(request: HttpRequest, id: UUID) -> HttpResponse:
    """One voice with what may be done now."""
    found = _voice(request, id)
    return render(request, "disclosure/voice_desk.html", _desk_context(request, found))


def _desk_context(request: HttpRequest, found: Voice) -> dict[str, Any]:
    _now, today = clock()
    open_steps = {each.action for each in records.actions(found.record, request.user)}
    workflow = found.record.workflow
    return {
        "voice": found,
        "city": found.city,
        "category": rules.categories().get(found.category, found.category),
        "place": places(found.city).get(found.place, found.place),
        "late": found.record.state in voices.OPEN_STATES and found.due < today,
        "photos": list(found.photos.all()),
        "steps": open_steps,
        "waits": found.record.state == "answered" and "publish" not in open_steps,
        "reasons": [each for each in workflow.leaving(found.record.state) if each.action in open_steps and each.action in ("send_back", "close", "reject", "unpublish")],
        "assign": AssignForm(offices=people.offices()) if "assign" in open_steps else None,
        "answer": AnswerForm(initial={"text": found.answer}) if "answer" in open_steps else None,
        "publish": PublishForm(initial={"text": found.answer}) if "publish" in open_steps else None,
        "reason": ReasonForm(),
        "may_contact": may(request.user, permissions.SEE_CONTACT) and not found.erased_at,
        "may_erase": may(request.user, permissions.ERASE) and not found.erased_at,
        "events": [
            {"title": _("收到") if move.action == "open" else workflow.title_of(move.action), "at": move.at, "by": move.by or _("系统"), "text": move.reason}
            for move in found.record.moves.select_related("by")
        ],
    }  # fmt: skip


@require_POST
@asks(permissions.ANSWER)
def voice_step(request: HttpRequest, id: UUID) -> HttpResponse:
    """Take one step; refused when somebody else was faster."""
    found = _voice(request, id)
    now = timezone.now()
    if request.POST.get("state") != found.record.state:
        raise StaleError(
            _("这件来件已被他人办理，现为“%(state)s”") % {"state": found.record.state_title},
            mend=_("请返回看最新情况再决定"),
        )
    action = request.POST.get("action", "")
    name, form = _step_form(request, action)
    if not form.is_valid():
        return render(request, "disclosure/voice_desk.html", _desk_context(request, found) | {name: form}, status=422)
    given = form.cleaned_data
    try:
        if action == "assign":
            voices.assign(found, office=given["office"], note=given["note"], by=request.user, now=now)
        elif action == "answer":
            voices.answer(found, text=given["text"], by=request.user, now=now)
        elif action == "publish":
            voices.publish(found, question=given["question"], text=given["text"], by=request.user, now=now)
        else:
            voices.step(found, action, by=request.user, now=now, reason=given["reason"])
    except DisclosureError as error:
        context = _desk_context(request, found) | {name: form, "error": error.as_dict()}
        return render(request, "disclosure/voice_desk.html", context, status=422)
    messages.success(request, _("已办理：%(state)s") % {"state": found.record.state_title})
    if not voices.voices_for(request.user).filter(record_id=id).exists():
        return redirect("disclosure:desk-voices", code=found.city_id)
    return redirect("disclosure:voice-desk", id=id)


def _step_form(request: HttpRequest, action: str) -> tuple[str, Any]:
    if action == "assign":
        return "assign", AssignForm(request.POST, offices=people.offices())
    if action == "answer":
        return "answer", AnswerForm(request.POST)
    if action == "publish":
        return "publish", PublishForm(request.POST)
    return "reason", ReasonForm(request.POST)


@require_POST
@never_cache
@asks(permissions.SEE_CONTACT)
def voice_contact(request: HttpRequest, id: UUID) -> HttpResponse:
    """Who wrote, in the clear, for whoever handles it; the look is audited."""
    found = _voice(request, id)
    contact = voices.contact_of(found, by=request.user, now=timezone.now())
    return render(request, "disclosure/voice_desk.html", _desk_context(request, found) | {"contact": contact})


@require_POST
@asks(permissions.ERASE)
def voice_erase(request: HttpRequest, id: UUID) -> HttpResponse:
    voices.erase(_voice(request, id), by=request.user, now=timezone.now(), asked_by="admin")
    messages.success(request, _("个人信息已删除，审计里记有这次删除。"))
    return redirect("disclosure:voice-desk", id=id)


@require_safe
@never_cache
@asks(permissions.SEE_VOICES)
def voice_photo(request: HttpRequest, id: UUID, number: int) -> FileResponse:
    """A photograph, for whoever may see the voice. It was written by us from cleaned bytes; its type is known."""
    found = _voice(request, id).photos.filter(pk=number).first()
    if found is None:
        raise NotFound(_("没有这张照片"), mend=_("它可能已应来件人要求删除"))
    return FileResponse(found.file.open("rb"), content_type=found.media_type)


city_urls = [
    path("<str:code>/voice/", voice, name="voice"),
    path("<str:code>/voice/sent/", sent, name="voice-sent"),
    path("<str:code>/voice/status/", status, name="voice-status"),
    path("<str:code>/voice/erase/", erase, name="voice-erase-own"),
    path("<str:code>/answers/", answers, name="answers"),
    path("<str:code>/desk/voices/", desk_voices, name="desk-voices"),
]
urlpatterns = [
    path("voices/<uuid:id>/", voice_desk, name="voice-desk"),
    path("voices/<uuid:id>/step/", voice_step, name="voice-step"),
    path("voices/<uuid:id>/contact/", voice_contact, name="voice-contact"),
    path("voices/<uuid:id>/erase/", voice_erase, name="voice-erase"),
    path("voices/<uuid:id>/photos/<int:number>/", voice_photo, name="voice-photo"),
]
