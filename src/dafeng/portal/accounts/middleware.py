"""What every request of a signed-in person needs: roles read once, a session that stays while it is used, held forms."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from dafeng.portal.accounts import held

# A session is over twelve hours after it was last used. Writing at every request would cost each reader a write.
NOTED_EVERY = timedelta(minutes=15)
_SEEN = "seen"


class RolesOnce:
    """A page asks for a person's roles many times; they are read once a request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Remembered on this request's user object only: a role that is taken away is gone with the next request.
        request.user.remembers_roles = True
        return self.get_response(request)


class LiveSessions:
    """Keeps a used session alive, leaves the person's mark, and drops a held form once it has been sent."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        kept = None
        if request.user.is_authenticated:
            self._note(request, timezone.now())
            kept = request.session.get(held.KEY)
        response = self.get_response(request)
        if request.user.is_authenticated and request.session.session_key:
            held.mark(request, response)
            sent = request.method == "POST" and kept and kept["address"] == request.get_full_path()
            # A form that was refused and held anew while it was sent stays.
            if sent and response.status_code < 400 and request.session.get(held.KEY) == kept:
                held.drop(request)
        return response

    @staticmethod
    def _note(request: HttpRequest, now: datetime) -> None:
        seen = request.session.get(_SEEN)
        if not request.session.session_key:
            return
        if seen is None:
            request.session[_SEEN] = now.timestamp()
        elif now.timestamp() - seen > NOTED_EVERY.total_seconds():
            request.session[_SEEN] = now.timestamp()
            UserSession.objects.create_from_request(request)
