"""How fresh a public answer is: good for five minutes, then asked after by its mark."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.translation import get_language

from dafeng import __version__
from dafeng.kernel.records.services import is_person

FRESH_SECONDS = 300


def etag_of(*parts: Any) -> str:
    """A mark of everything that an answer depends on, beside the program and the language."""
    said = "|".join(map(str, (__version__, get_language(), settings.DEMO, settings.MAP_APPROVAL, *parts)))
    return f'"{hashlib.sha256(said.encode()).hexdigest()[:32]}"'


def fresh(
    request: HttpRequest, parts: tuple[Any, ...], make: Callable[[], HttpResponse], *, shared: bool
) -> HttpResponse:
    """An answer that is good for five minutes and then asked after by its mark.

    `shared`: nothing in it belongs to a person, so caches on the way may keep it (data, embeds). A page in the portal's
    shell holds the form token of its reader: only their own browser keeps it, and for people who are signed in nobody does.
    """
    if not shared and (is_person(request.user) or len(get_messages(request))):
        return make()
    mark = etag_of(
        request.get_full_path(), *parts, *(() if shared else (request.COOKIES.get(settings.CSRF_COOKIE_NAME, ""),))
    )
    answer = get_conditional_response(request, etag=mark) or make()
    answer["ETag"] = mark
    patch_cache_control(answer, max_age=FRESH_SECONDS, **({"public": True} if shared else {"private": True}))
    return answer
