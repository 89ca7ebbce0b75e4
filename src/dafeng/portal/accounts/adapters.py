"""How allauth behaves here: nobody signs up by themselves, a demo login works in a demo only, forms that were held come back.

allauth asks these classes at each turn of a login; everything that it does not ask about is a setting.
"""

from __future__ import annotations

import base64
from hashlib import sha256
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.kernel.errors import DafengError, NotFound
from dafeng.portal.accounts import held, invitations, members

INVITED = "invitation"  # session key: the secret of the invitation that a person is about to accept


class Backend(AuthenticationBackend):
    """Password logins and open sessions. Everybody knows the demo password: outside a demo it opens nothing."""

    def user_can_authenticate(self, user: Any) -> bool:
        return super().user_can_authenticate(user) and (settings.DEMO or not user.demo)


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse | None:
        if user.demo and not settings.DEMO:
            return self.respond_user_inactive(request, user)
        return super().pre_login(request, user, **kwargs)

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        answer = super().post_login(request, user, **kwargs)
        if user.language:
            speak(answer, user.language)
        if not user.memberships.exists() and INVITED not in request.session:
            messages.info(request, _("您的账户还没有角色，只能看公开的页面。请联系本单位的成员管理人或系统管理员。"))
        if held.held_for(request, now=timezone.now()):
            back = HttpResponseRedirect(f"{reverse('held')}?{urlencode({'next': answer.url})}")
            back.cookies = answer.cookies
            return back
        return answer

    def send_account_already_exists_mail(self, email: str) -> None:
        """An organisation's login brought an address that a person here has: they may connect the two after a login."""
        address = self.request.build_absolute_uri(reverse("account_reset_password"))
        self.send_mail("account/email/account_already_exists", email, {"password_reset_url": address})

    def clean_username(self, username: str, shallow: bool = False) -> str:
        name = super().clean_username(username, shallow=shallow)
        if name.lower() in members.RESERVED:
            raise self.validation_error("username_taken")
        return name


class SocialAdapter(DefaultSocialAccountAdapter):
    """Logins by the organisation's own identity provider (OpenID Connect)."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Where the installation allows it, and for whoever holds an open invitation."""
        if settings.OIDC_SIGNUP:
            return True
        token = request.session.get(INVITED, "")
        try:
            return bool(token and invitations.find(token, now=timezone.now()))
        except NotFound:
            return False

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> Any:
        user = super().populate_user(request, sociallogin, data)
        whole = data.get("name") or f"{data.get('last_name') or ''}{data.get('first_name') or ''}"
        user.display_name = whole[:60]
        user.first_name = user.last_name = ""
        return user


class MfaAdapter(DefaultMFAAdapter):
    """Secrets of second factors are encrypted with a key made from the installation's own: a copied database is no use."""

    error_messages = {  # noqa: RUF012  (allauth's own attribute)
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": gettext_lazy("动态码不对。请用应用里当前显示的 6 位数字，或一个没用过的恢复码。"),
    }

    def get_totp_label(self, user: Any) -> str:
        return user.get_username()

    def encrypt(self, text: str) -> str:
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        try:
            return _box().decrypt(encrypted_text.encode()).decode()
        except InvalidToken as error:
            raise DafengError(
                _("两步验证的密钥读不出来：安装的密钥（DAFENG_SECRET_KEY）已经更换"),
                mend=_("请系统管理员运行 dafeng user reset-mfa 后重新设置两步验证"),
            ) from error


def _box() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet(
        [Fernet(base64.urlsafe_b64encode(sha256(f"dafeng.mfa:{key}".encode()).digest())) for key in keys]
    )


def speak(answer: HttpResponse, language: str) -> None:
    """Let the browser remember the language, as Django's own switch does."""
    answer.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, language, max_age=settings.LANGUAGE_COOKIE_AGE, samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip
