"""The page of tokens: make one, see when each was used, withdraw it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dafeng.kernel.actions import asks
from dafeng.kernel.errors import DafengError
from dafeng.kernel.records.services import roles_of
from dafeng.portal.api import scopes_in_use
from dafeng.portal.tokens import permissions, services
from dafeng.portal.tokens.forms import TokenForm
from dafeng.portal.tokens.models import Token


def _page(
    request: HttpRequest, form: TokenForm, *, made: Token | None = None, text: str = "", status: int = 200
) -> HttpResponse:
    now = timezone.now()
    tokens = Token.objects.for_user(request.user).select_related("user")[:500]
    answer = render(
        request,
        "tokens/list.html",
        {
            "form": form,
            "tokens": [(token, _state(token, now)) for token in tokens],
            "others": bool(request.user.is_superuser or permissions.SEES_ALL & roles_of(request.user)),
            "made": made,
            "text": text,
        },
        status=status,
    )
    answer["Cache-Control"] = "no-store"
    return answer


def _state(token: Token, now: object) -> tuple[str, str]:
    """Tone and word of a token's state."""
    if token.revoked_at:
        return "bad", _("已停用")
    return ("ok", _("使用中")) if token.expires_at > now else ("warn", _("已到期"))  # type: ignore[operator]


@require_safe
@asks(permissions.SEE)
def tokens(request: HttpRequest) -> HttpResponse:
    return _page(request, TokenForm(request.user, scopes_in_use()))


@require_POST
@asks(permissions.MAKE)
def make(request: HttpRequest) -> HttpResponse:
    """The text of the new token is on this answer and nowhere else: it is not kept, not even in the session."""
    form = TokenForm(request.user, scopes_in_use(), request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        token, text = services.make(request.user, now=timezone.now(), **form.cleaned_data)
    except DafengError as error:
        form.add_error(None, str(error))
        return _page(request, form, status=422)
    return _page(request, TokenForm(request.user, scopes_in_use()), made=token, text=text)


@require_POST
@asks(permissions.MAKE)
def revoke(request: HttpRequest, id: int) -> HttpResponse:
    services.revoke(get_object_or_404(Token.objects.for_user(request.user), pk=id), by=request.user, now=timezone.now())
    return redirect("tokens:list")
