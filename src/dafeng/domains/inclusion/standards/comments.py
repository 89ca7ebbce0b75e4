"""What the public says to a version or a rate while it is open for comment, and what the operator answers."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from dafeng.domains.inclusion.errors import InclusionError
from dafeng.domains.inclusion.members.words import refused
from dafeng.domains.inclusion.models import StandardComment
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record

LONGEST = 2000
A_DAY = 10  # comments of one person on all standards together


def is_open(record: Record, until: date | None, today: date) -> bool:
    return record.state == "comment" and until is not None and today <= until


def say(
    record: Record, until: date | None, text: str, *, name: str = "", by: Any, now: datetime, today: date
) -> StandardComment:
    """Keep a comment. Raises `Refused`: comment_closed, comment_limit."""
    if not is_open(record, until, today):
        raise refused("comment_closed")
    said = text.strip()
    if not 5 <= len(said) <= LONGEST:
        raise InclusionError(_("意见太短或太长"), expected=_("5 到 2000 字"))
    with records.serial():
        recent = StandardComment.objects.filter(author=by, at__gt=now - timedelta(days=1)).count()
        if recent >= A_DAY:
            raise refused("comment_limit")
        made = StandardComment.objects.create(record=record, author=by, name=name.strip()[:60], text=said, at=now)
        # Not under the user's name: a person may ask to be forgotten, and the audit cannot.
        records.audit(None, f"{record.kind}.said", "record", str(record.pk), {"comment": made.pk}, now=now)
    return made


def answer(comment: StandardComment, text: str, *, by: Any, now: datetime) -> StandardComment:
    """The operator's public answer; it may be corrected until the version is decided, each time with an audit entry."""
    said = text.strip()
    if not 1 <= len(said) <= LONGEST:
        raise InclusionError(_("答复太短或太长"), expected=_("1 到 2000 字"))
    with records.serial():
        comment.reply, comment.replied_by, comment.replied_at = said, by, now
        comment.save(update_fields=["reply", "replied_by", "replied_at"])
        records.audit(by, f"{comment.record.kind}.answered", "record", str(comment.record_id), {"comment": comment.pk}, now=now)  # fmt: skip
    return comment
