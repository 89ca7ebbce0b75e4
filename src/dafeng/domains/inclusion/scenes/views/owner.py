"""The scene owner's desk: scenes, deliveries with receipts, keys, refused events, tables, and a helper for signatures."""

from __future__ import annotations

import hmac
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.errors import Refused
from dafeng.domains.inclusion.models import Batch, Event, Partner, SceneKey
from dafeng.domains.inclusion.scenes import desk_facts, forms, intake, sheet, signing, words
from dafeng.domains.inclusion.scenes.signing import PURPOSE
from dafeng.kernel import sealing
from dafeng.kernel.actions import asks
from dafeng.kernel.api import signatures
from dafeng.kernel.errors import NotFound
from dafeng.kernel.pages.tables import Choice, Column, Table

FAULTS = 500


def own(request: HttpRequest, code: str) -> Partner:
    """A partner that the person acts for; anything else is not there."""
    found = permissions.partners_of(request.user).filter(code=code).first()
    if found is None:
        raise NotFound(_("没有这个合作方"))
    return found


@require_safe
@asks(permissions.OWN_SCENES)
def desk(request: HttpRequest) -> HttpResponse:
    """The partners that a person acts for; with one there is nothing to choose."""
    rows = list(permissions.partners_of(request.user).filter(scenes__isnull=False).distinct().order_by("name"))
    if len(rows) == 1:
        return redirect("inclusion:scene-owner", code=rows[0].code)
    return render(
        request, "inclusion/scenes/desk.html", {"partners": [(each, words.title_of(each, "name")) for each in rows]}
    )


def _batches(request: HttpRequest, partner: Partner) -> Table:
    return Table(
        request, Batch.objects.filter(partner=partner),
        [
            Column("received_at", _("收到时间"), show=lambda row: _local(row.received_at)),
            Column("key", _("批次号"), link=lambda row: reverse("inclusion:scene-batch", args=(partner.code, row.pk))),
            Column("channel", _("方式"), show=lambda row: row.get_channel_display()),
            Column("count", _("条数"), numeric=True), Column("accepted", _("收下"), numeric=True),
            Column("again", _("重复"), numeric=True), Column("refused", _("未采信"), numeric=True),
        ],
        _("最近的批次"), search=("key",), order="-received_at", size=10, name="batch", file="batches",
        empty=_("还没有成批的报送。"),
    )  # fmt: skip


def _local(moment: Any) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"


@require_safe
@asks(permissions.OWN_SCENES)
def owner(request: HttpRequest, code: str) -> HttpResponse:
    partner = own(request, code)
    table = _batches(request, partner)
    facts = desk_facts.scenes_of(partner, today=timezone.localdate())
    context = {
        "partner": partner, "name": words.title_of(partner, "name"), "table": table, "scenes": facts,
        "days": desk_facts.DAYS, "figures": _figures(facts), "running": partner.state == Partner.State.ACTIVE,
    }  # fmt: skip
    return table.download() or render(request, "inclusion/scenes/owner.html", context)


def _figures(facts: list[desk_facts.SceneFacts]) -> list[dict[str, Any]]:
    def total(name: str) -> int:
        return sum(getattr(each, name) for each in facts)

    return [
        {"title": _("已入账"), "value": f"{total('posted'):,}", "unit": _("次")},
        {"title": _("减排量"), "value": f"{total('grams') / 1000:,.1f}", "unit": "kgCO2e"},
        {"title": _("积分"), "value": f"{total('points'):,}", "unit": _("分")},
        {"title": _("审核中"), "value": f"{total('held'):,}", "unit": _("次")},
    ]


@require_safe
@asks(permissions.OWN_SCENES)
def batch(request: HttpRequest, code: str, id: UUID) -> HttpResponse:
    """One delivery: its receipt, its faults, and what has become of its events."""
    partner = own(request, code)
    found = Batch.objects.filter(partner=partner, pk=id).first()
    if found is None:
        raise NotFound(_("没有这个批次"))
    receipt = intake.receipt_of(found)
    faults = [
        (each.index + 1, each.id, each.field, words.sentence(each.reason), words.mend(each.reason))
        for each in receipt.faults[:FAULTS]
    ]
    states = [(Event.State[name.upper()].label, count) for name, count in desk_facts.states_of(found.pk).items()]
    context = {
        "partner": partner,
        "batch": found,
        "faults": faults,
        "states": states,
        "shown": FAULTS,
        "name": words.title_of(partner, "name"),
    }
    return render(request, "inclusion/scenes/batch.html", context)


@require_safe
@asks(permissions.OWN_SCENES)
def refused(request: HttpRequest, code: str) -> HttpResponse:
    """Events that were refused, and requests that could not become events."""
    partner = own(request, code)
    reasons = {each: words.sentence(each) for each in words.reasons()}
    table = Table(
        request, Event.objects.filter(scene__partner=partner, state=Event.State.REFUSED).select_related("scene"),
        [
            Column("source_id", _("编号")), Column("scene.code", _("场景")),
            Column("received_at", _("收到时间"), show=lambda row: _local(row.received_at)),
            Column("reason", _("原因"), show=lambda row: reasons.get(row.reason, row.reason), wide=True),
            Column("mend", _("怎么改"), sort=None, show=lambda row: words.mend(row.reason), wide=True),
        ],
        _("未采信的行为"), search=("source_id",), order="-id", name="event", file="refused",
        choices=[Choice("reason", _("原因"), {each: reasons[each] for each in REFUSING})],
        empty=_("没有未采信的行为。"),
    )  # fmt: skip
    others = partner.refusals.order_by("-minute", "-id")[:50]
    rows = [
        (_local(each.minute), each.key_id, each.source_id, words.sentence(each.reason), each.count) for each in others
    ]
    context = {"partner": partner, "table": table, "others": rows, "name": words.title_of(partner, "name")}
    return table.download() or render(request, "inclusion/scenes/refused.html", context)


REFUSING = (
    "member_unknown", "consent_missing", "account_suspended", "scene_inactive", "clock_ahead", "too_old", "quantity_negative",
    "field_missing", "field_malformed", "field_out_of_range", "field_unknown", "review_rejected",
)  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP_OWN_SCENES)
def keys(request: HttpRequest, code: str) -> HttpResponse:
    """Keys of a partner; a new one shows its secret on the answer to the form, and nowhere again."""
    partner, made, secret = own(request, code), None, ""
    form = forms.KeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made, secret = signing.make_key(partner, by=request.user, now=timezone.now(), note=form.cleaned_data["note"])
        form = forms.KeyForm()
    context = {
        "partner": partner, "form": form, "made": made, "secret": secret, "name": words.title_of(partner, "name"),
        "keys": partner.keys.order_by("revoked_at", "-made_at"),
    }  # fmt: skip
    answer = render(request, "inclusion/scenes/keys.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


@require_POST
@asks(permissions.KEEP_OWN_SCENES)
def revoke(request: HttpRequest, code: str, key: str) -> HttpResponse:
    partner = own(request, code)
    found = SceneKey.objects.filter(partner=partner, key_id=key).first()
    if found is None:
        raise NotFound(_("没有这个密钥"))
    signing.revoke(found, by=request.user, now=timezone.now())
    messages.success(request, _("密钥 %(key)s 已停用") % {"key": key})
    return redirect("inclusion:scene-keys", code=code)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP_OWN_SCENES)
def signature(request: HttpRequest, code: str) -> HttpResponse:
    """What we sign for the same request, line by line; nothing is sent."""
    partner = own(request, code)
    live = partner.keys.filter(revoked_at=None).order_by("-made_at")
    choices = [(each.key_id, f"{each.key_id} {each.note}") for each in live]
    form = forms.SignatureForm(request.POST or None, keys=choices)
    context: dict[str, Any] = {
        "partner": partner,
        "form": form,
        "name": words.title_of(partner, "name"),
        "keys": choices,
    }
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        secret = sealing.unseal(PURPOSE, live.get(key_id=given["key"]).sealed)["secret"]
        body = given["body"].replace("\r\n", "\n").encode()
        values = (given["method"], given["path"], given["time"], given["nonce"], body)
        ours = signatures.sign(secret, *values)
        same = hmac.compare_digest(ours, given["given"].strip().lower().encode("ascii", "replace").decode())
        context |= {"text": signatures.text(*values), "same": same, "compared": bool(given["given"])}
    return render(request, "inclusion/scenes/signature.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP_OWN_SCENES)
def upload(request: HttpRequest, code: str) -> HttpResponse:
    """A table: its faults by row and column, then, sent again with `commit`, taken."""
    partner, now = own(request, code), timezone.now()
    form = forms.SheetForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"partner": partner, "form": form, "name": words.title_of(partner, "name")}
    if request.method != "POST" or not form.is_valid():
        return render(request, "inclusion/scenes/upload.html", context, status=422 if request.method == "POST" else 200)
    try:
        read = sheet.read(partner, form.cleaned_data["file"].read(sheet.BYTES + 1))
        if request.POST.get("step") == "commit":
            receipt = sheet.commit(partner, read, now=now)
            messages.success(
                request,
                _("已收下 %(count)s 条，未采信 %(refused)s 条")
                % {"count": receipt.accepted, "refused": len(receipt.faults)},
            )
            return redirect("inclusion:scene-batch", code=code, id=receipt.batch)
        receipt = sheet.preview(partner, read, now=now)
    except Refused as error:
        return render(request, "inclusion/scenes/upload.html", context | {"error": error.as_dict()}, status=422)
    faults = [
        (each.row, each.id, each.column, words.sentence(each.reason), words.mend(each.reason))
        for each in read.faults_of(receipt)[:FAULTS]
    ]
    context |= {"receipt": receipt, "faults": faults, "count": len(receipt.faults), "again": len(receipt.again)}
    return render(request, "inclusion/scenes/upload.html", context)


@require_safe
@asks(permissions.KEEP_OWN_SCENES)
def template(request: HttpRequest, code: str) -> HttpResponse:
    answer = HttpResponse(sheet.template(own(request, code)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="events.csv"'
    return answer


urlpatterns = [
    path("scenes/desk/", desk, name="scene-desk"),
    path("scenes/desk/<slug:code>/", owner, name="scene-owner"),
    path("scenes/desk/<slug:code>/batches/<uuid:id>/", batch, name="scene-batch"),
    path("scenes/desk/<slug:code>/refused/", refused, name="scene-refused"),
    path("scenes/desk/<slug:code>/keys/", keys, name="scene-keys"),
    path("scenes/desk/<slug:code>/keys/<slug:key>/revoke/", revoke, name="scene-key-revoke"),
    path("scenes/desk/<slug:code>/signature/", signature, name="scene-signature"),
    path("scenes/desk/<slug:code>/upload/", upload, name="scene-upload"),
    path("scenes/desk/<slug:code>/upload/template/", template, name="scene-template"),
]
