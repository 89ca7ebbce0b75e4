"""What the room's pages share: the reader's own account, where to go without one, and figures as people read them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from dafeng.domains.inclusion.members.accounts import member_of
from dafeng.domains.inclusion.models import Member
from dafeng.kernel.errors import DafengError

_NOBODY = object()


def member_for(request: HttpRequest) -> Member | None:
    """The reader's own account, asked once a request."""
    found = getattr(request, "inclusion_member", _NOBODY)
    if found is _NOBODY:
        found = member_of(request.user)
        request.inclusion_member = found  # type: ignore[attr-defined]
    return found  # type: ignore[return-value]


View = Callable[..., HttpResponse]


def own(view: View) -> View:
    """A page of one's own account: `view(request, member, …)`; who has none is led to joining."""

    @wraps(view)
    def led(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        member = member_for(request)
        if member is None:
            return redirect("inclusion:join")
        return view(request, member, *args, **kwargs)

    return led


def told(request: HttpRequest, do: Callable[[], Any], done: str, *, back: str, **names: Any) -> HttpResponse:
    """Do it and go back to the page; what was refused is said there in its own words."""
    try:
        do()
    except DafengError as error:
        messages.error(request, " ".join(filter(None, (error.what, error.mend))))
    else:
        messages.success(request, done)
    return redirect(reverse(back, kwargs=names))


def new_key() -> str:
    """For the hidden field of a form that spends: a double click sends it twice, and it is done once."""
    return uuid4().hex


def clock() -> Any:
    """Now, and today on the city's calendar."""
    now = timezone.now()
    return now, timezone.localdate(now)
