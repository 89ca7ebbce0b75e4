"""Upload and review: hand a document in, see every found item in its text, correct it, and accept the version."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.plan import marked_text, permissions, plan_outline
from dafeng.domains.plan.models import Correction, Plan, Version
from dafeng.domains.plan.plan_forms import FORMS, form_for
from dafeng.domains.plan.reading.intake import MAX_BYTES
from dafeng.domains.plan.services import corrections, plans
from dafeng.domains.plan.services.acceptance import accept, in_force_with
from dafeng.domains.plan.services.city import city_of, first_city
from dafeng.domains.plan.services.content import corrections_of, found_in, seen_digest
from dafeng.domains.plan.services.items import KINDS, TASK, Found, Item
from dafeng.kernel.actions import asks, demand, may
from dafeng.kernel.errors import DafengError, NotFound, PermissionDenied, StaleError, UploadError
from dafeng.kernel.jobs.models import Job
from dafeng.kernel.pages import asked


def version_of(key: str, number: int) -> Version:
    found = (
        Version.objects.select_related("plan", "record__created_by", "document")
        .filter(plan__key=key, number=number)
        .first()
    )
    if found is None:
        raise NotFound(_("没有这一版"), mend=_("请从“版本”页面重新进入"))
    return found


# ---------------------------------------------------------------- upload


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP)
def upload(request: HttpRequest) -> HttpResponse:
    """Hand a document in. What cannot be read is answered here, with the reason and how to mend it."""
    error = None
    if request.method == "POST":
        try:
            made = _handed_in(request)
        except DafengError as refused:
            error = refused.as_dict()
        else:
            if isinstance(made, Job):
                return redirect("job", id=made.pk)
            messages.success(request, _("已读取，请校核后采纳。采纳之前方案没有任何变化"))
            return redirect("plan:version", key=made.plan.key, number=made.number)
    context = {
        "plans": list(Plan.objects.order_by("-first_year", "key")),
        "chosen": request.POST.get("plan", request.GET.get("plan", "")),
        "title": request.POST.get("title", ""),
        "most": MAX_BYTES // 2**20,
        "error": error,
    }
    return render(request, "plan/outline/upload.html", context, status=422 if error else 200)


def _handed_in(request: HttpRequest) -> Version | Job:
    file = request.FILES.get("file")
    # The last field of the form: where it is missing, the file before it may have been cut off.
    if request.POST.get("whole") != "1":
        raise UploadError(_("上传中断了，文件没有收全"), mend=_("没有保存任何内容，请重新选择文件上传"))
    if file is None:
        raise UploadError(_("没有选择文件"), mend=_("请选择方案的 docx、pdf、html 或 txt 文件"))
    wanted = request.POST.get("plan", "")
    plan = Plan.objects.filter(key=wanted).first() if wanted else None
    if wanted and plan is None:
        raise UploadError(_("没有这个方案"), mend=_("请从列表中选择"))
    return plans.upload(
        city_of(plan.city if plan else first_city()),
        file.read(MAX_BYTES + 1),
        name=(file.name or _("方案"))[-200:],
        plan=plan,
        title=request.POST.get("title", "")[:200],
        by=request.user,
        now=timezone.now(),
    )


# ---------------------------------------------------------------- the version and its items


@require_safe
@asks(permissions.SEE_WORK)
def version_page(request: HttpRequest, key: str, number: int) -> HttpResponse:
    return _version(request, version_of(key, number))


def _version(request: HttpRequest, version: Version, *, error: DafengError | None = None) -> HttpResponse:
    """The text with its marks, or one list of items, or the corrections."""
    said = corrections_of(version.plan)
    found = found_in(version, said)
    counts = _counts(found)
    tabs = {"text": _("正文")} if version.text else {}
    tabs |= {kind: f"{name} {counts[kind]}" for kind, name in marked_text.KIND_NAMES.items() if counts[kind] or kind in ("task", "target")}  # fmt: skip
    if version.text:
        tabs["corrections"] = _("更正 %(count)s") % {"count": len(said)}
    shown = asked.one_of(request, "show", tabs, default=next(iter(tabs)))
    open_now = version.record.state == "read"
    context: dict[str, Any] = {
        "plan": version.plan,
        "version": version,
        "told": version.record.payload,
        "open": open_now,
        "may_keep": open_now and may(request.user, permissions.KEEP),
        "tabs": [{"title": title, "address": f"?show={value}", "current": value == shown} for value, title in tabs.items()],
        "shown": shown,
        "seen": seen_digest(version, said),
        "lost": found.lost,
        "counts": counts,
        "error": error.as_dict() if error else None,
        "others": in_force_with(version.plan) if open_now else [],
        "plans": list(Plan.objects.filter(city=version.plan.city).exclude(pk=version.plan_id)) if open_now else [],
        "kinds": marked_text.KIND_NAMES,
    }  # fmt: skip
    if shown == "text":
        context |= _text(request, version, found)
    elif shown == "corrections":
        context["corrections"] = _corrections(found, said)
    else:
        context["items"] = [_row(each) for each in found.of(shown, dropped=True)]
    status = 200 if error is None else 409 if isinstance(error, StaleError) else 422
    return render(request, "plan/outline/version.html", context, status=status)


def _counts(found: Found) -> dict[str, int]:
    return {kind: sum(each.values.get("is_task", True) for each in found.of(kind)) for kind in KINDS}


def _text(request: HttpRequest, version: Version, found: Found) -> dict[str, Any]:
    parts = marked_text.parts_of(version.text, found.items)
    number = asked.one_of(request, "part", [str(each.number) for each in parts], default="1")
    part = parts[int(number) - 1]

    def address(item: Item) -> str:
        return reverse("plan:item", kwargs={"key": version.plan.key, "number": version.number, "ref": item.ref})

    counts = _counts(found)
    return {
        "text": marked_text.marked(version.text, found.items, part, address),
        "legend": marked_text.legend(counts),
        "part": part,
        "parts": parts if len(parts) > 1 else [],
    }


def _row(item: Item) -> dict[str, Any]:
    values = item.values
    detail = plan_outline.printed(values) if item.kind == "target" else ""
    if item.kind == TASK:
        detail = "、".join(owner["name"] for owner in values["owners"]) or _("没有写责任单位")
        if not values.get("is_task", True):
            detail = _("段落，不是任务")
    elif item.kind in ("project", "enterprise", "platform"):
        capacity = (
            f"{values['capacity']:g} {values['capacity_unit'] or ''}" if values.get("capacity") is not None else ""
        )
        detail = " ".join(filter(None, (values.get("kind"), values.get("county"), capacity)))
    return {"item": item, "detail": detail, "state": marked_text.STATE_NAMES[item.state], "year": values.get("year")}


def _corrections(found: Found, said: list[Correction]) -> list[dict[str, Any]]:
    lost = {each.pk for each in found.lost}
    refs = {each.pk: item.ref for item in found.items for each in item.corrections}
    return [
        {"correction": each, "lost": each.pk in lost, "ref": refs.get(each.pk, ""), "kind": marked_text.KIND_NAMES.get(each.item, each.item)}
        for each in reversed(said)
    ]  # fmt: skip


def _back(version: Version, item: str = "") -> str:
    address = reverse("plan:version", kwargs={"key": version.plan.key, "number": version.number})
    return f"{address}#i-{item}" if item else address


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.SEE_WORK)
def item(request: HttpRequest, key: str, number: int, ref: str) -> HttpResponse:
    """One item with what was read, what was corrected, and the form; a panel beside the text, or a page."""
    version = version_of(key, number)
    found = found_in(version).get(ref)
    if found is None:
        raise NotFound(_("没有这一项"), mend=_("它可能已被撤回，请刷新页面"))
    error = None
    form = form_for(found, request.POST if request.method == "POST" and request.POST.get("do") == "change" else None)
    if request.method == "POST":
        try:
            if _act(request, version, found, form):
                return redirect(_back(version, ref))
        except PermissionDenied:
            raise
        except DafengError as refused:
            error = refused
    may_keep = version.record.state == "read" and bool(version.text) and may(request.user, permissions.KEEP)
    context = {
        "plan": version.plan,
        "version": version,
        "item": found,
        "kind": marked_text.KIND_NAMES[found.kind],
        "state": marked_text.STATE_NAMES[found.state],
        "form": form,
        "printed": plan_outline.printed(found.values) if found.kind == "target" else "",
        "may_keep": may_keep,
        "may_change": may_keep and found.kind != "defect" and not found.dropped,
        "error": error.as_dict() if error else None,
    }
    beside = bool(request.headers.get("HX-Request"))
    status = 200 if request.method != "POST" else 409 if isinstance(error, StaleError) else 422
    answer = render(
        request, "plan/outline/item_panel.html" if beside else "plan/outline/item.html", context, status=status
    )
    answer["Vary"] = "HX-Request"
    return answer


def _act(request: HttpRequest, version: Version, found: Item, form: Any) -> bool:
    """Do what the button says; False when the form has faults."""
    demand(request.user, permissions.KEEP)
    given: dict[str, Any] = {"reason": request.POST.get("reason", "")[:1000], "by": request.user, "now": timezone.now()}
    if request.POST.get("do") == "drop":
        corrections.drop(version, found.ref, **given)
        messages.success(request, _("已剔除“%(name)s”") % {"name": found.name})
        return True
    if not form.is_valid():
        return False
    changed = corrections.change(version, found.ref, form.value(), **given)
    messages.success(request, _("已更正") if changed else _("没有改动"))
    return True


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP)
def add_item(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Add what the reading missed, by its words in the text."""
    version = version_of(key, number)
    kind = asked.one_of(request, "kind", KINDS, default="target")
    quote = request.POST.get("quote", request.GET.get("quote", ""))[:2000]
    form = FORMS[kind](request.POST if request.method == "POST" else None)
    error = None
    if request.method == "POST" and form.is_valid():
        start = request.POST.get("start", "")
        try:
            made = corrections.add(
                version,
                kind,
                quote,
                form.value(),
                reason=request.POST.get("reason", "")[:1000],
                by=request.user,
                now=timezone.now(),
                start=int(start) if start.isascii() and start.isdigit() and len(start) < 9 else None,
            )
        except DafengError as refused:
            error = refused
        else:
            messages.success(request, _("已补充"))
            return redirect(_back(version, f"{kind}-c{made.pk}"))
    context = {
        "plan": version.plan,
        "version": version,
        "form": form,
        "kind": kind,
        "tabs": [{"title": name, "address": asked.address(request, kind=value), "current": value == kind} for value, name in marked_text.KIND_NAMES.items() if value != "section"],
        "quote": quote,
        "start": request.POST.get("start", request.GET.get("start", "")),
        "error": error.as_dict() if error else None,
    }  # fmt: skip
    status = 200 if request.method != "POST" else 409 if isinstance(error, StaleError) else 422
    return render(request, "plan/outline/add.html", context, status=status)


@require_POST
@asks(permissions.KEEP)
def withdraw(request: HttpRequest, key: str, number: int, pk: int) -> HttpResponse:
    version = version_of(key, number)
    found = Correction.objects.filter(plan=version.plan, pk=pk).first()
    if found is None:
        raise NotFound(_("没有这条更正"))
    corrections.withdraw(found, by=request.user, now=timezone.now())
    messages.success(request, _("已撤回更正"))
    return redirect(f"{_back(version)}?show=corrections")


# ---------------------------------------------------------------- accept, discard, move


@require_POST
@asks(permissions.KEEP)
def accept_version(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Bring the plan up to date; refused, it is answered with the page and the reason."""
    version = version_of(key, number)
    try:
        accept(
            version,
            seen=request.POST.get("seen", ""),
            alongside=request.POST.get("alongside") == "1",
            by=request.user,
            now=timezone.now(),
        )
    except DafengError as error:
        return _version(request, version_of(key, number), error=error)
    messages.success(request, _("已采纳第 %(number)s 版，任务、目标和疑问已更新") % {"number": number})
    return redirect("plan:plan", key=key)


@require_POST
@asks(permissions.KEEP)
def discard_version(request: HttpRequest, key: str, number: int) -> HttpResponse:
    version = version_of(key, number)
    try:
        plans.discard(version, reason=request.POST.get("reason", ""), by=request.user, now=timezone.now())
    except DafengError as error:
        return _version(request, version, error=error)
    messages.info(request, _("已放弃第 %(number)s 版，方案没有变化") % {"number": number})
    return redirect("plan:versions", key=key)


@require_POST
@asks(permissions.KEEP)
def move_version(request: HttpRequest, key: str, number: int) -> HttpResponse:
    version = version_of(key, number)
    target = Plan.objects.filter(key=request.POST.get("plan", "")).first()
    if target is None:
        raise NotFound(_("没有这个方案"))
    moved = plans.move_to(version, target, by=request.user, now=timezone.now())
    messages.success(
        request,
        _("现为《%(title)s》的第 %(number)s 版，请校核后采纳") % {"title": target.title, "number": moved.number},
    )
    return redirect("plan:version", key=target.key, number=moved.number)


urlpatterns: list[URLPattern] = [
    path("plans/upload/", upload, name="plan-upload"),
    path("plans/<slug:key>/versions/<int:number>/", version_page, name="version"),
    path("plans/<slug:key>/versions/<int:number>/items/<slug:ref>/", item, name="item"),
    path("plans/<slug:key>/versions/<int:number>/add/", add_item, name="item-add"),
    path("plans/<slug:key>/versions/<int:number>/corrections/<int:pk>/withdraw/", withdraw, name="correction-withdraw"),
    path("plans/<slug:key>/versions/<int:number>/accept/", accept_version, name="version-accept"),
    path("plans/<slug:key>/versions/<int:number>/discard/", discard_version, name="version-discard"),
    path("plans/<slug:key>/versions/<int:number>/move/", move_version, name="version-move"),
]
