"""Rules of the room, and its refusals in the sentences of `reasons.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import get_language

from dafeng.domains.inclusion.errors import Refused
from dafeng.domains.inclusion.models import Member
from dafeng.kernel.desk import services as desk
from dafeng.kernel.records import services as records

HERE = Path(__file__).parent


@cache
def _rules() -> dict[str, dict[str, int]]:
    return tomllib.loads((HERE / "rules.toml").read_text("utf-8"))


@cache
def _reasons() -> dict[str, dict[str, str]]:
    return tomllib.loads((HERE.parent / "reasons.toml").read_text("utf-8"))


def rule(part: str, name: str) -> int:
    return _rules()[part][name]


def english() -> bool:
    return (get_language() or "").startswith("en")


def sentence(code: str) -> str:
    """What a reason code says; the code itself where it has no sentence."""
    return _reasons().get(code, {}).get("en" if english() else "zh", code)


def refused(code: str, *, expected: str = "", what: str = "") -> Refused:
    mend = _reasons()[code].get("mend_en" if english() else "mend_zh", "")
    return Refused(code, what or sentence(code), expected=expected, mend=mend)


def title_of(row: Any) -> str:
    return str((english() and getattr(row, "title_en", "")) or row.title)


def name_of(row: Any) -> str:
    return str((english() and getattr(row, "name_en", "")) or row.name)


def people_of_member(member: Member) -> list[Any]:
    """Who reads what is told to a member: the person, or the firm's people."""
    if member.kind == Member.Kind.FIRM:
        return records.people_of([member.organisation], roles=["enterprise"]) if member.organisation else []
    return [member.user] if member.user_id else []


def tell(people: Iterable[Any], title: str, *, href: str, now: datetime, text: str = "") -> None:
    desk.notify(people, kind="inclusion.operations", title=title, text=text, href=href, now=now)


def clerk(by: Any) -> str:
    """A person's name in the ledger: two persons are two names."""
    return f"user:{by.pk}"
