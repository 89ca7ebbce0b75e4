"""What the room keeps about members: the comments they signed. Told to them, and made nameless when they ask to be forgotten."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dafeng.domains.inclusion.models import Member, StandardComment


def forget(member: Member, *, now: datetime) -> None:
    """The text of a public consultation stays; who said it goes."""
    if member.user_id is not None:
        StandardComment.objects.filter(author=member.user_id).update(author=None, name="")


def about(member: Member) -> dict[str, list[dict[str, Any]]]:
    if member.user_id is None:
        return {}
    said = StandardComment.objects.filter(author=member.user_id).select_related("record")
    return {
        "对标准的意见": [
            {
                "标准": each.record.title,
                "时间": each.at.isoformat(),
                "署名": each.name,
                "意见": each.text,
                "答复": each.reply,
            }
            for each in said
        ]
    }
