"""Has it changed since you last asked? Strong entity tags for what is written once (RFC 9110, 8.8 and 13.1).

What a stored run says never changes, so its tag is made from the run and the question, before any work is done. Other answers
get a weak tag from their text when they leave (the portal does that).
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language

from dafeng import __version__


class NotModified(Exception):
    """The caller already has this answer; the portal sends 304."""


def answer_headers(request: HttpRequest) -> dict[str, str]:
    """Headers that the answer to this request will carry when it succeeds."""
    found: dict[str, str] | None = getattr(request, "answer_headers", None)
    if found is None:
        found = {}
        request.answer_headers = found  # type: ignore[attr-defined]
    return found


def unchanging(request: HttpRequest, *parts: Any, public: bool = False) -> None:
    """Say that this answer is fully told by `parts` and the question asked. Raises `NotModified` when the caller has it.

    Call it after the permission has been checked. `public`: anybody may see it, so that shared caches may keep it.
    """
    question = [__version__, request.path, sorted(request.GET.lists()), get_language(), *map(str, parts)]
    tag = f'"{hashlib.sha256(json.dumps(question).encode()).hexdigest()[:40]}"'
    answer_headers(request).update(
        {"ETag": tag, "Cache-Control": "public, max-age=3600" if public else "private, max-age=300"}
    )
    found = get_conditional_response(request, etag=tag, response=HttpResponse())
    if found is not None and found.status_code == 304:
        raise NotModified
