"""Consents, partners, one's own data: what a member gives, takes back, takes along, and has deleted."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.members import accounts, consents, exports, privacy, words
from dafeng.domains.inclusion.members.forms import EraseForm
from dafeng.domains.inclusion.members.pages import clock, own, told
from dafeng.domains.inclusion.members.qr import drawn
from dafeng.domains.inclusion.models import Binding, Consent, Export, Member, Partner
from dafeng.kernel.actions import asks
from dafeng.kernel.errors import DafengError
from dafeng.kernel.jobs import services as jobs


@require_safe
@never_cache
@asks(permissions.OWN)
@own
def bindings(request: HttpRequest, member: Member) -> HttpResponse:
    """Which partners may report for me, and which there are."""
    mine = {each.partner_id: each for each in Binding.objects.filter(member=member, until=None)}
    partners = (
        Partner.objects.filter(programme=member.programme_id).exclude(kind=Partner.Kind.MERCHANT).order_by("name")
    )
    bound = [{"partner": each, "binding": mine[each.pk], "name": name_of(each)} for each in partners if each.pk in mine]
    free = [
        {"partner": each, "name": name_of(each)}
        for each in partners
        if each.pk not in mine and each.state == Partner.State.ACTIVE
    ]
    return render(request, "inclusion/members/bindings.html", {"bound": bound, "free": free})


def name_of(partner: Partner) -> str:
    return str(words.in_language({"name": partner.name, "name_en": partner.name_en}, "name"))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@asks(permissions.KEEP_OWN)
@own
def binding(request: HttpRequest, member: Member, code: str) -> HttpResponse:
    """One partner: its consent, and once given the token as text and QR code."""
    partner = get_object_or_404(Partner, programme=member.programme_id, code=code)
    text = consents.text_of(consents.scene_purpose(partner), partner=name_of(partner))
    if request.method == "POST":
        if request.POST.get("do") == "unbind":
            return told(
                request, lambda: accounts.unbind(member, partner, now=clock()[0]),
                _("已解除绑定，口令立即失效"), back="inclusion:bindings",
            )  # fmt: skip
        agreed = request.POST.get("agreed", "")
        return told(
            request, lambda: accounts.bind(member, partner, agreed=agreed, now=clock()[0]),
            _("已绑定。请把口令填进合作方的应用"), back="inclusion:binding", code=code,
        )  # fmt: skip
    bound = Binding.objects.filter(member=member, partner=partner, until=None).first()
    context = {
        "partner": partner,
        "name": name_of(partner),
        "text": text,
        "binding": bound,
        "active": partner.state == Partner.State.ACTIVE,
        "token": accounts.in_fours(bound.token) if bound else "",
        "qr": drawn(bound.token) if bound else None,
    }
    return render(request, "inclusion/members/binding.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP_OWN)
@own
def my_consents(request: HttpRequest, member: Member) -> HttpResponse:
    """What I agreed to, in which version, since when; to be taken back with one button."""
    base = consents.base_of(member)
    if request.method == "POST":
        purpose, now = request.POST.get("purpose", ""), clock()[0]
        if request.POST.get("do") == "give" and purpose == base:
            return told(
                request, lambda: consents.give(member, base, request.POST.get("agreed", ""), now=now),
                _("已重新同意，恢复记录"), back="inclusion:consents",
            )  # fmt: skip
        return told(
            request, lambda: consents.withdraw(member, purpose, now=now),
            _("已撤回，从现在起不再记录"), back="inclusion:consents",
        )  # fmt: skip
    rows = list(Consent.objects.filter(member=member).order_by("withdrawn_at", "pk"))
    codes = {row.purpose.partition(":")[2] for row in rows}
    names = {each.code: name_of(each) for each in Partner.objects.filter(code__in=codes - {""})}
    context = {
        "rows": [{"consent": row, "title": _title(row, names)} for row in rows],
        "missing": not any(row.purpose == base and row.withdrawn_at is None for row in rows),
        "text": consents.text_of(base),
    }
    return render(request, "inclusion/members/consents.html", context)


def _title(row: Consent, names: dict[str, str]) -> str:
    return consents.text_of(row.purpose, partner=names.get(row.purpose.partition(":")[2], "")).title


# ---------------------------------------------------------------- one's own data


@require_safe
@never_cache
@asks(permissions.OWN)
@own
def own_data(request: HttpRequest, member: Member) -> HttpResponse:
    """What is known of me, to take along or to have deleted."""
    return _own_data(request, member, EraseForm())


def _own_data(
    request: HttpRequest, member: Member, form: EraseForm, error: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    identity = accounts.identity_of(member)
    context = {
        "member": member,
        "form": form,
        "error": error,
        "name": _veiled(str(identity.get("name", ""))),
        "phone": f"{identity['phone'][:3]}****{identity['phone'][-4:]}" if identity else "",
        "birth_year": identity.get("birth_year"),
        "export": Export.objects.filter(member=member, until__gt=clock()[0]).defer("sealed").first(),
        "kept_days": words.rule("export", "kept_days"),
    }
    return render(request, "inclusion/members/own_data.html", context, status=status)


def _veiled(name: str) -> str:
    """A name on a screen that others may see: the last character only."""
    return "*" * (len(name) - 1) + name[-1:]


@require_POST
@asks(permissions.KEEP_OWN)
@own
def make_export(request: HttpRequest, member: Member) -> HttpResponse:
    """Begin the export; the job's page tells when it is ready."""
    job = jobs.start("inclusion.me.export", by=request.user, now=clock()[0], key=f"person-{request.user.pk}")
    return redirect("job", id=job.pk)


@require_safe
@never_cache
@asks(permissions.OWN)
@own
def export(request: HttpRequest, member: Member, id: Any) -> HttpResponse:
    """The file; only one's own is found."""
    found = get_object_or_404(Export, pk=id, member=member)
    answer = HttpResponse(exports.content_of(found, now=clock()[0]), content_type="application/zip")
    answer["Content-Disposition"] = 'attachment; filename="inclusion.zip"'
    return answer


@require_POST
@asks(permissions.KEEP_OWN)
@own
def erase(request: HttpRequest, member: Member) -> HttpResponse:
    """Close and delete, after a tick that says what is lost."""
    form = EraseForm(request.POST)
    if not form.is_valid():
        return _own_data(request, member, form, status=422)
    try:
        privacy.erase(member, now=clock()[0])
    except DafengError as refusal:
        return _own_data(request, member, EraseForm(), refusal.as_dict(), 422)
    messages.success(request, _("碳账户已注销，身份信息、绑定和授权已删除。登录账户不受影响。"))
    return redirect("inclusion:home")


urlpatterns = [
    path("me/bindings/", bindings, name="bindings"),
    path("me/bindings/<slug:code>/", binding, name="binding"),
    path("me/consents/", my_consents, name="consents"),
    path("me/data/", own_data, name="own-data"),
    path("me/data/export/", make_export, name="make-export"),
    path("me/data/export/<uuid:id>/", export, name="export"),
    path("me/data/erase/", erase, name="erase"),
]
