"""What a person was typing when their session had ended, kept until they have logged in again and looked at it.

Texts only: no passwords, no files (the form asks for those again), nothing sent to the pages of login and security. The
session that keeps it is an anonymous one, so a keyed mark of the browser's last person says whom it is offered to:
another person who logs in at the same desk is not shown it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.http import url_has_allowed_host_and_scheme

KEY = "held_form"
MARK = "dafeng_who"
LASTS = timedelta(hours=12)
CHARACTERS = 60_000
_NAMES = ("csrfmiddlewaretoken", "next")
_WORDS = ("password", "passwd", "secret", "token", "otp")
_NEVER_FROM = ("/login/", "/logout/", "/account/", "/invitation/", "/language/")


def hold(request: HttpRequest, *, now: datetime) -> bool:
    """Keep the posted texts in the session; tells whether there was anything to keep."""
    if request.path.startswith(_NEVER_FROM):
        return False
    typed = [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if name not in _NAMES and not any(word in name.lower() for word in _WORDS)
    ]
    if not (typed or request.FILES) or sum(len(value) for _name, value in typed) > CHARACTERS:
        return False
    request.session[KEY] = {
        "address": request.get_full_path(),
        "page": page_of(request),
        "fields": typed,
        "files": sorted(request.FILES),
        "who": request.COOKIES.get(MARK, ""),
        "at": now.isoformat(),
    }
    return True


def page_of(request: HttpRequest) -> str:
    """The page of ours that the form was on (with its state), else the address that it was sent to."""
    before = urlsplit(request.headers.get("Referer", ""))
    page = before.path + (f"?{before.query}" if before.query else "")
    same = before.netloc == request.get_host() and url_has_allowed_host_and_scheme(page, allowed_hosts=None)
    return page if same else request.path


def held_for(request: HttpRequest, *, now: datetime) -> dict[str, Any] | None:
    """What is kept for this person; what is old or another's is dropped."""
    kept: dict[str, Any] | None = request.session.get(KEY)
    if kept is None or not request.user.is_authenticated:
        return None
    if now - datetime.fromisoformat(kept["at"]) > LASTS or not (not kept["who"] or _is_mark(kept["who"], request.user)):
        drop(request)
        return None
    return kept


def drop(request: HttpRequest) -> None:
    request.session.pop(KEY, None)


def mark(request: HttpRequest, response: HttpResponse) -> None:
    """Leave the person's mark in the browser, so that a form held later can be told to be theirs."""
    if not _is_mark(request.COOKIES.get(MARK, ""), request.user):
        response.set_cookie(
            MARK, _mark(request.user), max_age=30 * 86400, httponly=True, samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )  # fmt: skip


def _mark(user: Any) -> str:
    return salted_hmac("dafeng.held", str(user.pk), algorithm="sha256").hexdigest()


def _is_mark(text: str, user: Any) -> bool:
    return constant_time_compare(text, _mark(user))
