"""One's own profile and language, and the form that was held while a session had ended."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from dafeng.kernel.actions import ANYONE, PUBLIC, Action, asks, may, registered
from dafeng.kernel.errors import PermissionDenied
from dafeng.kernel.records.services import audit, roles_of
from dafeng.portal.accounts import adapters, held, permissions
from dafeng.portal.accounts.forms import ProfileForm
from dafeng.portal.accounts.models import User
from dafeng.portal.accounts.place_names import memberships_of

View = Callable[..., HttpResponse]


def entrance(view: View) -> View:
    """A page of allauth that everybody may open."""
    return asks(permissions.ENTER)(view)


def own(view: View) -> View:
    """A page of allauth about one's own security. A demo login is shared by many: nobody changes it for the others."""

    @asks(permissions.SECURE)
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.demo:
            raise PermissionDenied(
                _("演示账户由大家共用，密码、邮箱、两步验证和登录设备不能修改"),
                mend=_("想试用这些功能，请用管理员演示账户邀请一个新成员，再用新成员登录"),
            )
        return view(request, *args, **kwargs)

    return guarded


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.PROFILE)
def profile(request: HttpRequest) -> HttpResponse:
    """Name, language, mail; what one holds and what it allows; the way to password, second factor and sessions."""
    person = User.objects.get(pk=request.user.pk)
    form = ProfileForm(request.POST or None, instance=person)
    if request.method == "POST" and form.is_valid():
        return _save_profile(request, form)
    return render(
        request, "portal/profile.html",
        {
            "form": form,
            "memberships": memberships_of(person),
            "second_factor": is_mfa_enabled(request.user),
            "allowed": _allowed(request.user),
            "oidc": settings.OIDC_NAME,
            "manages": may(request.user, permissions.SEE_MEMBERS),
        },
    )  # fmt: skip


def _save_profile(request: HttpRequest, form: ProfileForm) -> HttpResponse:
    person = form.save()
    if form.changed_data:
        audit(person, "person.change", "person", person.username,
              {name: form.cleaned_data[name] for name in form.changed_data}, now=timezone.now())  # fmt: skip
    messages.success(request, _("已保存。"))
    answer = redirect("profile")
    if "language" in form.changed_data and person.language:
        adapters.speak(answer, person.language)
    return answer


_DOMAINS = {
    "inventory": gettext_lazy("清单"),
    "plan": gettext_lazy("方案"),
    "enterprise": gettext_lazy("企业"),
    "members": gettext_lazy("组织与成员"),
    "portal": gettext_lazy("门户"),
    "account": gettext_lazy("账户"),
    "records": gettext_lazy("记录"),
    "audit": gettext_lazy("审计"),
}


def _allowed(user: Any) -> list[tuple[Any, list[Action]]]:
    """What this person may do beyond what everybody may, by domain."""
    roles = roles_of(user)
    groups: dict[str, list[Action]] = {}
    for each in registered():
        if each.roles & roles or (user.is_superuser and not each.roles & {PUBLIC, ANYONE}):
            groups.setdefault(each.code.split(".")[0], []).append(each)
    return [(_DOMAINS.get(domain, domain), actions) for domain, actions in groups.items()]


@require_POST
@asks(permissions.LANGUAGE)
def language(request: HttpRequest) -> HttpResponse:
    """Switch the language and stay on the page; a signed-in person's choice is kept for their next login."""
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = resolve_url("home")
    wanted = request.POST.get("language", "")
    answer = HttpResponseRedirect(back)
    if wanted in dict(settings.LANGUAGES) and translation.check_for_language(wanted):
        adapters.speak(answer, wanted)
        if request.user.is_authenticated:
            User.objects.filter(pk=request.user.pk).exclude(language=wanted).update(language=wanted)
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.PROFILE)
def held_form(request: HttpRequest) -> HttpResponse:
    """Shows what a person had typed when their session ended, to send it now or to let it go."""
    back = request.POST.get("next") or request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = resolve_url("home")
    if request.method == "POST":
        held.drop(request)
        messages.info(request, _("已放弃刚才填写的内容。"))
        return HttpResponseRedirect(back)
    kept = held.held_for(request, now=timezone.now())
    if kept is None:
        return HttpResponseRedirect(back)
    return render(request, "members/held.html", {"held": kept, "next": kept["page"] or back})
