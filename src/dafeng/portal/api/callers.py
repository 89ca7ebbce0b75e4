"""Who calls, how often they may, and whether they may do this: asked before an operation sees the request.

A program sends `Authorization: Bearer dft_…` and acts as its token's person, within the token's scopes. A browser comes with
its session; then a write must carry the CSRF token. Nobody in particular may read what is public.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.errors import Throttled
from ninja.throttling import SimpleRateThrottle
from ninja.utils import check_csrf

from dafeng.kernel.actions import Action, demand
from dafeng.kernel.api.limits import Limits
from dafeng.kernel.records.services import is_person
from dafeng.portal.api.problems import BadToken, CsrfRefused, Malformed, ScopeMissing, TooLarge
from dafeng.portal.tokens import services as tokens
from dafeng.portal.tokens.models import Token

# Requests a minute, and bytes of a body; an installation changes them in its settings (API_RATES, API_BODY_BYTES, API_FILE_BYTES).
SAFE = ("GET", "HEAD")
RATES = {"anonymous": "60/min", "person": "600/min"}
BODY_BYTES = 1024 * 1024
FILE_BYTES = 21 * 1024 * 1024


@dataclass(frozen=True)
class Caller:
    """A token's person, a signed-in person, or an address on the network."""

    person: Any
    token: Token | None
    name: str

    @property
    def known(self) -> bool:
        return not self.name.startswith("address:")


def caller_of(request: HttpRequest, *, now: datetime) -> Caller:
    """Find out who calls and let the request act as them. Raises `BadToken`."""
    sent = request.headers.get("Authorization", "")
    if sent:
        kind, _space, text = sent.partition(" ")
        token = tokens.find(text.strip(), now=now) if kind.lower() == "bearer" else None
        if token is None:
            raise BadToken(_("令牌无效、已到期或已停用"), mend=_("请在“接口令牌”页查看，或新建一个"))
        token.user.remembers_roles = True
        request.user = token.user
        return Caller(token.user, token, f"token:{token.pk}")
    if is_person(request.user):
        return Caller(request.user, None, f"person:{request.user.pk}")
    return Caller(request.user, None, address_of(request))


def address_of(request: HttpRequest) -> str:
    return f"address:{Allowance('1/s', '').get_ident(request)}"


class Allowance(SimpleRateThrottle):
    """How much of a caller's rate is left: ninja's sliding window, one object a request, since it keeps state."""

    def __init__(self, rate: str, name: str) -> None:
        super().__init__(rate)
        self.name = name
        self.history: list[float] = []

    def get_cache_key(self, request: HttpRequest) -> str:
        return f"api-rate:{hashlib.sha256(self.name.encode()).hexdigest()}"

    def get_ident(self, request: HttpRequest) -> str | None:
        """A forwarded address counts only where the installation says how many proxies it stands behind."""
        if getattr(settings, "NINJA_NUM_PROXIES", None):
            return super().get_ident(request)
        address: str | None = request.META.get("REMOTE_ADDR")
        return address

    @property
    def headers(self) -> dict[str, str]:
        """RateLimit fields: limit, what remains, seconds until the oldest request no longer counts."""
        limit, window = self.num_requests or 0, self.duration or 0
        oldest = self.history[-1] if self.history else self.now
        return {
            "RateLimit-Limit": str(limit),
            "RateLimit-Remaining": str(max(0, limit - len(self.history))),
            "RateLimit-Reset": str(max(0, round(window - (self.now - oldest)))),
            "RateLimit-Policy": f"{limit};w={window}",
        }


def take_turn(request: HttpRequest, name: str, *, known: bool, limits: Limits | None = None) -> dict[str, str]:
    """Count this request; returns the RateLimit headers. Raises `Throttled` when the rate is used up.

    An operation with limits of its own is counted apart, so that a busy sender still reaches the rest.
    """
    rate = getattr(settings, "API_RATES", RATES)["person" if known else "anonymous"]
    allowance = Allowance(limits.rate, f"{name}:{limits}") if limits else Allowance(rate, name)
    allowed = allowance.allow_request(request)
    headers = allowance.headers
    request.rate_headers = headers  # type: ignore[attr-defined]
    if not allowed:
        raise Throttled(wait=allowance.wait())  # type: ignore[arg-type]
    return headers


def check_size(request: HttpRequest, limits: Limits | None = None) -> None:
    """Raises `TooLarge` before a byte of the body is read, `Malformed` for what no database can hold."""
    length = request.headers.get("Content-Length") or "0"
    is_file = (request.content_type or "").startswith("multipart/")
    usual = (
        getattr(settings, "API_FILE_BYTES", FILE_BYTES) if is_file else getattr(settings, "API_BODY_BYTES", BODY_BYTES)
    )
    allowed = limits.body_bytes if limits else usual
    if not length.isdigit() or int(length) > allowed:
        raise TooLarge(_("请求的正文太大"), expected=_("不超过 %(size)d KB") % {"size": allowed // 1024})
    if "\0" in request.path or any("\0" in text for texts in request.GET.lists() for text in (texts[0], *texts[1])):
        raise Malformed(_("请求里有不能保存的字符"), mend=_("请去掉 U+0000"))


def admit(request: HttpRequest, caller: Caller, action: Action) -> None:
    """Raises `ScopeMissing`, `CsrfRefused`, `SignInRequired` or `PermissionDenied`."""
    if caller.token is not None and action.scope not in caller.token.scopes:
        raise ScopeMissing(action.scope)
    demand(caller.person, action)
    if request.method not in SAFE and caller.known and caller.token is None and check_csrf(request):
        raise CsrfRefused(_("缺少 CSRF 校验"), mend=_("浏览器请附 X-CSRFToken；程序请改用令牌"))
