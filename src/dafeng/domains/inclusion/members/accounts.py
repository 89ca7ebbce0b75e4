"""Accounts: join, firms, partners by consent, suspension. Who somebody is lies apart, sealed; everything else knows a pseudonym.

Age: the year of birth alone is asked (least data). Whoever turns 14 this year may be 13 or 14, so they also declare to be 14;
younger persons need a guardian's consent (Personal Information Protection Law art. 31), which the platform does not take yet.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.members import consents, words
from dafeng.domains.inclusion.models import Binding, Consent, Identity, Member, Partner, Programme
from dafeng.kernel import sealing
from dafeng.kernel.actions import demand
from dafeng.kernel.desk import services as desk
from dafeng.kernel.records import services as records
from dafeng.kernel.records.services import is_person

IDENTITY, PHONE = "dafeng.inclusion.identity", "dafeng.inclusion.phone"
TOKEN_LENGTH = 20  # of 32 signs: 100 bits
SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
_PHONE = re.compile(r"1[3-9]\d{9}")


def audit(member: Member, action: str, detail: dict[str, Any], *, now: datetime, by: Any = None) -> None:
    """Under the pseudonym unless somebody else did it: the audit cannot forget a name."""
    actor = member.holder if by is None else by
    records.audit(actor, f"inclusion.member.{action}", "inclusion.member", member.pseudonym, detail, now=now)


# ---------------------------------------------------------------- finding


def member_of(user: Any) -> Member | None:
    """A person's own account; None before joining and after closing."""
    if not is_person(user):
        return None
    mine = Member.objects.filter(kind=Member.Kind.PERSON, user=user, closed_at=None)
    return mine.select_related("programme").first()


def firms_of(user: Any) -> list[Member]:
    """The accounts of the firms that a person acts for."""
    found = permissions.members_of(user).filter(kind=Member.Kind.FIRM)
    return list(found.select_related("programme").order_by("pk"))


def demand_active(member: Member) -> None:
    """Raises `Refused` where nothing may be recorded or spent: closed, suspended, or without the consent it rests on."""
    if member.closed_at is not None:
        raise words.refused("account_closed")
    if member.suspended_at is not None:
        raise words.refused("account_suspended")
    if not consents.given(member, consents.base_of(member)):
        raise words.refused("consent_missing")


# ---------------------------------------------------------------- joining


def phone_of(text: str) -> str:
    """A mobile number in eleven digits. Raises `Refused`."""
    digits = re.sub(r"[\s\-()（）]", "", text)
    digits = digits.removeprefix("+86").removeprefix("0086")
    if not _PHONE.fullmatch(digits):
        raise words.refused("phone_wrong")
    return digits


def check_age(birth_year: int, *, declared: bool, now: datetime) -> None:
    """Raises `Refused` `under_age` for who is, or may be, younger than the least age."""
    turns = timezone.localdate(now).year - birth_year
    if not 0 <= turns <= 120:
        raise words.refused("birth_year_wrong")
    if turns < words.rule("join", "least_age") or not declared:
        raise words.refused("under_age")


def join(
    user: Any,
    programme: Programme,
    *,
    name: str,
    phone: str,
    birth_year: int,
    of_age: bool,
    county: str,
    agreed: str,
    now: datetime,
) -> Member:
    """Open a person's account. `agreed`: version of the text that was shown; `of_age`: they declare to be of the least age.

    Raises `Refused`: already_member, under_age, birth_year_wrong, phone_wrong, phone_taken, name_wrong, place_unknown, consent_old.
    """
    if member_of(user) is not None:
        raise words.refused("already_member")
    check_age(birth_year, declared=of_age, now=now)
    digits, name = phone_of(phone), " ".join(name.split())
    if not 2 <= len(name) <= 40:
        raise words.refused("name_wrong")
    if county not in programme.counties:
        raise words.refused("place_unknown")
    if Identity.objects.filter(phone_key__in=sealing.keyed_all(PHONE, digits)).exists():
        raise words.refused("phone_taken")
    details = {"name": name, "phone": digits, "birth_year": birth_year}
    try:
        with records.serial():
            member = Member.objects.create(
                programme=programme, kind=Member.Kind.PERSON, user=user, county=county, joined_at=now
            )
            Identity.objects.create(
                member=member, sealed=sealing.seal(IDENTITY, details), phone_key=sealing.keyed(PHONE, digits), at=now
            )
            audit(member, "join", {"county": county}, now=now)
            consents.give(member, consents.JOIN, agreed, now=now)
    except IntegrityError:  # another click or another person was first
        raise words.refused("already_member" if member_of(user) else "phone_taken") from None
    return member


def identity_of(member: Member) -> dict[str, Any]:
    """Name, telephone and birth year in the clear, for the member's own page and export; empty after erasure."""
    held = Identity.objects.filter(member=member).first()
    return sealing.unseal(IDENTITY, bytes(held.sealed)) if held else {}


def open_firm(user: Any, programme: Programme, *, organisation: str, county: str, agreed: str, now: datetime) -> Member:
    """Open the account of a firm that the person acts for. Raises `Refused` (already_member, place_unknown, consent_old)."""
    demand(user, permissions.KEEP_FIRM)
    if organisation not in records.organisations_of(user):
        raise words.refused("not_your_firm")
    if county not in programme.counties:
        raise words.refused("place_unknown")
    try:
        with records.serial():
            member = Member.objects.create(
                programme=programme, kind=Member.Kind.FIRM, organisation=organisation, county=county, joined_at=now
            )
            audit(member, "join", {"county": county}, now=now, by=user)
            consents.give(member, consents.FIRM, agreed, now=now)
    except IntegrityError:
        raise words.refused("already_member") from None
    return member


# ---------------------------------------------------------------- partners


def new_code(length: int) -> str:
    return "".join(secrets.choice(SIGNS) for _ in range(length))


def plain_code(text: str) -> str:
    """A code as it was typed: spaces, hyphens and small letters do not matter, nor do O for 0 and I or L for 1."""
    typed = re.sub(r"[\s\-]", "", text).upper()
    return typed.translate(str.maketrans("OIL", "011"))


def in_fours(code: str) -> str:
    """A code as it is read aloud."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


@transaction.atomic
def bind(member: Member, partner: Partner, *, now: datetime, agreed: str = "") -> Binding:
    """Consent to a partner and get a token for it; bound already, the token that there is. `agreed`: version shown, else the present.

    Raises `Refused`: account_closed, account_suspended, consent_missing, partner_inactive, consent_old.
    """
    demand_active(member)
    if partner.programme_id != member.programme_id or partner.state != Partner.State.ACTIVE:
        raise words.refused("partner_inactive")
    purpose = consents.scene_purpose(partner)
    with records.serial():
        found = Binding.objects.filter(member=member, partner=partner, until=None).first()
        if found and consents.given(member, purpose):
            return found
        if found:
            Binding.objects.filter(pk=found.pk).update(until=now)
        consents.give(member, purpose, agreed or consents.text_of(purpose).version, now=now)
        made = Binding.objects.create(member=member, partner=partner, token=new_code(TOKEN_LENGTH), since=now)
        audit(member, "bind", {"partner": partner.code}, now=now)
    return made


@transaction.atomic
def unbind(member: Member, partner: Partner, *, now: datetime) -> bool:
    """End a binding and the consent it rests on; the token is void at once."""
    with records.serial():
        return consents.withdraw(member, consents.scene_purpose(partner), now=now)


def resolve(partner: Partner, tokens: Iterable[str]) -> dict[str, int]:
    """Members by the tokens that a partner sent: live and consenting ones only. One query, whatever the number of tokens."""
    typed = {token: plain_code(token) for token in tokens}
    base = Consent.objects.filter(
        member=OuterRef("member"), purpose__in=(consents.JOIN, consents.FIRM), withdrawn_at=None
    )
    own = Consent.objects.filter(
        member=OuterRef("member"), purpose=consents.scene_purpose(partner), withdrawn_at=None
    )  # fmt: skip
    rows = Binding.objects.filter(
        Exists(base),
        Exists(own),
        partner=partner,
        token__in=sorted(set(typed.values())),
        until=None,
        member__closed_at=None,
        member__suspended_at=None,
    )
    live = dict(rows.values_list("token", "member_id"))
    return {token: live[code] for token, code in typed.items() if code in live}


# ---------------------------------------------------------------- suspension


def suspend(member: Member, *, by: Any, reason: str, now: datetime) -> Member:
    """Stop an account for the time of an inquiry: nothing new is recorded, nothing spent. The member is told why."""
    demand(by, permissions.REVIEW_RISK)
    if not reason.strip():
        raise words.refused("reason_missing")
    with records.serial():
        changed = Member.objects.filter(pk=member.pk, suspended_at=None, closed_at=None).update(
            suspended_at=now, suspended_for=reason.strip()[:200]
        )
        if changed:
            audit(member, "suspend", {"reason": reason.strip()[:200]}, now=now, by=by)
            _tell(member, _("您的碳账户已暂停"), reason.strip(), now=now)
    member.refresh_from_db()
    return member


def resume(member: Member, *, by: Any, now: datetime) -> Member:
    """Open a suspended account again."""
    demand(by, permissions.REVIEW_RISK)
    with records.serial():
        if Member.objects.filter(pk=member.pk).exclude(suspended_at=None).update(suspended_at=None, suspended_for=""):
            audit(member, "resume", {}, now=now, by=by)
            _tell(member, _("您的碳账户已恢复"), "", now=now)
    member.refresh_from_db()
    return member


def _tell(member: Member, title: str, text: str, *, now: datetime) -> None:
    if member.user is not None:
        desk.notify([member.user], kind="inclusion.member", title=title, text=text, href="/inclusion/", now=now)
