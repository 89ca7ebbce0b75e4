"""Idempotency-Key: a write that is sent twice is done once, and answered twice the same.

The key is kept for a day with a digest of the request. A request that failed is forgotten: it did nothing, and may be mended
and sent again under the same key.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dafeng.kernel.api.freshness import answer_headers
from dafeng.portal.api.callers import Caller
from dafeng.portal.api.problems import KeyReused, Malformed
from dafeng.portal.tokens.models import KeptAnswer

KEPT = timedelta(hours=24)
ABANDONED = timedelta(minutes=10)
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_HEADERS = ("Location", "Content-Type", "Link")


def once(request: HttpRequest, caller: Caller, do: Callable[[], HttpResponse], *, now: datetime) -> HttpResponse:
    """Do it, or tell again what the same request was answered. Raises `KeyReused`, `Malformed`."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return do()
    if not _KEY.fullmatch(key):
        raise Malformed(_("Idempotency-Key 写法不对"), expected=_("1 到 200 个可见的 ASCII 字符"))
    kept = _claim(caller.name, key, _digest(request), now=now)
    if kept.status:
        return HttpResponse(kept.body, status=kept.status, headers={**kept.headers, "Idempotency-Replayed": "true"})
    try:
        answer = do()
    except BaseException:
        kept.delete()
        raise
    if answer.status_code >= 300:
        kept.delete()
    else:
        kept.status, kept.body = answer.status_code, answer.content.decode()
        said = {**answer.headers, **answer_headers(request)}
        kept.headers = {name: said[name] for name in _HEADERS if name in said}
        kept.save(update_fields=["status", "body", "headers"])
    return answer


def _claim(owner: str, key: str, digest: str, *, now: datetime) -> KeptAnswer:
    """The kept answer (status set), or a new row that says the request is being done (status 0)."""
    KeptAnswer.objects.filter(created_at__lt=now - KEPT).delete()
    KeptAnswer.objects.filter(owner=owner, key=key, status=0, created_at__lt=now - ABANDONED).delete()
    try:
        with transaction.atomic():
            return KeptAnswer.objects.create(owner=owner, key=key, digest=digest, created_at=now)
    except IntegrityError:
        kept = KeptAnswer.objects.filter(owner=owner, key=key).first() or KeptAnswer(digest=digest)
    if kept.digest != digest:
        raise KeyReused(_("这个 Idempotency-Key 已用于另一个请求"), mend=_("请为每个新请求换一个键"))
    if not kept.status:
        raise KeyReused(_("同一个请求正在办理"), mend=_("请稍后用同一个键再问结果"))
    return kept


def _digest(request: HttpRequest) -> str:
    """SHA-256 over method, address and body; a form by its fields and files, since its boundary differs each time."""
    found = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if (request.content_type or "").startswith("multipart/"):
        for name, values in sorted(request.POST.lists()):
            found.update(repr((name, values)).encode())
        for name, files in sorted(request.FILES.lists()):
            for file in files:
                found.update(repr((name, file.name, file.size)).encode())
                for chunk in file.chunks():
                    found.update(chunk)
                file.seek(0)
    else:
        found.update(request.body)
    return found.hexdigest()
