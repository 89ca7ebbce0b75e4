"""Tell people things. The portal shows them, and mails them to those who wish."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from dafeng.kernel.desk.models import Notice


def notify(
    users: Iterable[Any], *, kind: str, title: str, now: datetime, text: str = "", href: str = ""
) -> list[Notice]:
    """One notice for each person. `href` is a path in this portal."""
    return Notice.objects.bulk_create(
        Notice(user=user, kind=kind, title=title[:200], text=text, href=href, created_at=now) for user in users
    )


def read(user: Any, *, now: datetime, ids: Iterable[int] | None = None) -> int:
    """Mark a person's notices read: those named, or all. Returns their number."""
    chosen = Notice.objects.for_user(user).unread()
    if ids is not None:
        chosen = chosen.filter(pk__in=list(ids))
    return chosen.update(read_at=now)
