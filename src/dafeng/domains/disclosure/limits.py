"""How often one address may try something: counted in the database, so that it holds over all processes."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from dafeng.domains.disclosure.errors import RateLimited
from dafeng.domains.disclosure.models import Attempt
from dafeng.kernel.sealing import keyed

DAY = timedelta(days=1)


def address_of(request: HttpRequest) -> str:
    """The peer's address; behind our own proxy (a setting) the one that the proxy wrote last."""
    if settings.SECURE_PROXY_SSL_HEADER and (passed := request.headers.get("X-Forwarded-For")):
        return passed.rsplit(",", 1)[-1].strip()
    return str(request.META.get("REMOTE_ADDR", ""))


def count_attempt(purpose: str, address: str, *, limits: dict[timedelta, int], now: datetime) -> None:
    """Note an attempt. Raises `RateLimited` when there were more than a window of `limits` allows, this one included."""
    key = keyed("dafeng.disclosure.limit", f"{purpose}|{address}")
    Attempt.objects.filter(at__lt=now - DAY).delete()
    Attempt.objects.create(key=key, at=now)
    for window, most in limits.items():
        if Attempt.objects.filter(key=key, at__gt=now - window).count() > most:
            raise RateLimited(
                _("您的操作太频繁了"),
                expected=_("%(hours)g 小时内不超过 %(most)s 次") % {"hours": window / timedelta(hours=1), "most": most},
                mend=_("请过一会儿再试；填写的内容不会丢失。情况紧急请拨打 12369 或 12345"),
            )
