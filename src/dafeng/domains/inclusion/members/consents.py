"""Consents: what a member agreed to, in which version, since when; withdrawn, it ends what rests on it at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dafeng.domains.inclusion.members import words
from dafeng.domains.inclusion.models import Consent, Member, Partner
from dafeng.kernel.records import services as records

JOIN, FIRM = "join", "firm"


@dataclass(frozen=True)
class Text:
    """A text as it is shown and agreed to."""

    purpose: str
    version: str
    title: str
    points: tuple[str, ...]


def scene_purpose(partner: Partner) -> str:
    return f"scene:{partner.code}"


def text_of(purpose: str, *, partner: str = "") -> Text:
    """The present text of a purpose (`join`, `firm`, `scene:…`); `partner` is the partner's name."""
    kind = purpose.partition(":")[0]
    row = next(row for row in words.data("consents")["text"] if row["purpose"] == kind)
    title = words.in_language(row, "title").replace("{partner}", partner)
    points = tuple(point.replace("{partner}", partner) for point in words.in_language(row, "points"))
    return Text(purpose, row["version"], title, points)


def base_of(member: Member) -> str:
    """The consent that the account itself rests on."""
    return JOIN if member.kind == Member.Kind.PERSON else FIRM


def given(member: Member, purpose: str) -> bool:
    return Consent.objects.filter(member=member, purpose=purpose, withdrawn_at=None).exists()


def give(member: Member, purpose: str, version: str, *, now: datetime) -> Consent:
    """Write a consent down. Raises `Refused` when another text was shown than the present one."""
    if version != text_of(purpose).version:
        raise words.refused("consent_old")
    found, made = Consent.objects.get_or_create(
        member=member, purpose=purpose, withdrawn_at=None, defaults={"text_version": version, "given_at": now}
    )
    if made:
        _audit(member, "give", {"purpose": purpose, "version": version}, now=now)
    return found


def withdraw(member: Member, purpose: str, *, now: datetime) -> bool:
    """Take a consent back; from now on nothing is recorded that rests on it. A partner's binding ends with it."""
    from dafeng.domains.inclusion.models import Binding

    ended = Consent.objects.filter(member=member, purpose=purpose, withdrawn_at=None).update(withdrawn_at=now)
    if purpose.startswith("scene:"):
        code = purpose.partition(":")[2]
        Binding.objects.filter(member=member, partner__code=code, until=None).update(until=now)
    if ended:
        _audit(member, "withdraw", {"purpose": purpose}, now=now)
    return bool(ended)


def _audit(member: Member, what: str, detail: dict[str, Any], *, now: datetime) -> None:
    records.audit(
        member.holder, f"inclusion.consent.{what}", "inclusion.member", member.pseudonym, detail, now=now
    )  # fmt: skip
