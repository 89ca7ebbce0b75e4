"""Inviting, taking an invitation back, and accepting one."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.utils import perform_login
from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from dafeng.kernel.actions import asks
from dafeng.kernel.errors import DafengError
from dafeng.kernel.records.services import audit
from dafeng.portal.accounts import invitations, members, permissions
from dafeng.portal.accounts.adapters import INVITED
from dafeng.portal.accounts.forms import AcceptForm, InviteForm
from dafeng.portal.accounts.member_views import the_organisation
from dafeng.portal.accounts.models import Invitation, User
from dafeng.portal.accounts.place_names import place_names


def _mails() -> bool:
    """Whether mail leaves this installation; without a server it only reaches the terminal."""
    return not settings.EMAIL_BACKEND.endswith("console.EmailBackend")


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.MANAGE)
def invite(request: HttpRequest, code: str) -> HttpResponse:
    """Make an invitation. Its link is shown here once; mailed, it is not shown, so that it proves the address."""
    found = the_organisation(request, code)
    form = InviteForm(request.POST or None, by=request.user, organisation=found)
    told: dict[str, Any] = {"organisation": found, "form": form}
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        mailed = bool(given["email"]) and _mails()
        try:
            made, token = invitations.invite(
                found, given["role"], place=given["place"], manager=given["manager"], name=given["name"],
                email=given["email"], mailed=mailed, by=request.user, now=timezone.now(),
            )  # fmt: skip
        except DafengError as error:
            return render(request, "members/invite.html", {**told, "error": error.as_dict()}, status=422)
        address = request.build_absolute_uri(reverse("invitation", kwargs={"token": token}))
        if given["email"]:
            invitations.mail(made, address)
        told |= {"invitation": made, "address": "" if mailed else address, "place": place_names().get(made.place, "")}
        return render(request, "members/invited.html", told)
    return render(request, "members/invite.html", told)


@require_POST
@asks(permissions.MANAGE)
def revoke(request: HttpRequest, code: str, id: int) -> HttpResponse:
    found = the_organisation(request, code)
    invitations.revoke(get_object_or_404(found.invitations, pk=id), by=request.user, now=timezone.now())
    messages.success(request, _("邀请已撤回，链接不再有效。"))
    return redirect("organisation", code=code)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@asks(permissions.ENTER)
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """Whoever is signed in joins as themselves; whoever is not sets a name and a password, or logs in first."""
    if not ratelimit.consume(request, app="allauth.account", action="invitation", limit_get=True):
        return ratelimit.respond_429(request)
    found = invitations.find(token, now=timezone.now())
    told = {"invitation": found, "place": place_names().get(found.place, found.place), "oidc": settings.OIDC_NAME}
    if request.user.is_authenticated:
        if request.method == "POST":
            invitations.accept(found, request.user, now=timezone.now())
            return _welcome(request, found)
        return render(request, "members/accept.html", told)
    form = AcceptForm(request.POST or None, initial={"display_name": found.name})
    if request.method == "POST" and form.is_valid():
        try:
            person = _join(found, form)
        except members.MemberError as error:
            form.add_error(None, str(error))
        else:
            return perform_login(request, person, redirect_url=_welcome(request, found).url)
    if request.method != "POST" and settings.OIDC_NAME:
        request.session[INVITED] = token  # opens the organisation's login to a person who is new here
    return render(request, "members/accept.html", {**told, "form": form})


def _join(invitation: Invitation, form: AcceptForm) -> User:
    """A new person, made a member, in one transaction."""
    given, now = form.cleaned_data, timezone.now()
    address = invitation.email
    if address and (
        User.objects.filter(email__iexact=address).exists()
        or EmailAddress.objects.filter(email__iexact=address).exists()
    ):
        raise members.MemberError(
            _("邮箱 %(email)s 已经有账户") % {"email": address}, mend=_("请先登录那个账户，再打开邀请链接接受邀请")
        )
    with transaction.atomic():
        person = User(username=given["username"], display_name=given["display_name"], email=address)
        person.set_password(given["password1"])
        person.save()
        if address:
            EmailAddress.objects.create(user=person, email=address, primary=True, verified=invitation.mailed)
        audit(person, "person.join", "person", person.username, {"invitation": invitation.pk}, now=now)
        invitations.accept(invitation, person, now=now)
    return person


def _welcome(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    request.session.pop(INVITED, None)
    messages.success(
        request,
        _("欢迎加入“%(organisation)s”。您的角色是“%(role)s”。")
        % {"organisation": invitation.organisation.name, "role": invitation.get_role_display()},
    )
    return redirect("tasks")
