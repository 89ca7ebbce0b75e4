"""Families and teams: made by one, joined by an invitation code, left at any time. Inside, people know each other by nickname only.

A code is kept as a keyed hash and shown once; its owner may make a new one, which voids the old.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.db.models import Count, F, QuerySet, Sum

from dafeng.domains.inclusion.members import words
from dafeng.domains.inclusion.members.accounts import audit, demand_active, new_code, plain_code
from dafeng.domains.inclusion.models import Circle, CircleMember, Event, Member
from dafeng.kernel import sealing
from dafeng.kernel.records import services as records

INVITATION = "dafeng.inclusion.invitation"
CODE_LENGTH = 10  # of 32 signs: 50 bits, and few tries an hour


def _clean(text: str) -> str:
    """Raises `Refused` for a name or nickname that is empty or long."""
    name = " ".join(text.split())
    if not 1 <= len(name) <= 20:
        raise words.refused("nickname_wrong")
    return name


def places_of(member: Member) -> QuerySet[CircleMember]:
    """The circles that a member is in, oldest first."""
    return CircleMember.objects.filter(member=member).select_related("circle").order_by("joined_at", "pk")


def make(
    member: Member, kind: str, *, name: str, nickname: str, now: datetime, firm: Member | None = None
) -> tuple[Circle, str]:
    """A new circle with its maker as owner, and its invitation code. Raises `Refused`."""
    demand_active(member)
    name, nickname, code = _clean(name), _clean(nickname), new_code(CODE_LENGTH)
    with records.serial():
        _demand_room_for(member, kind)
        circle = Circle.objects.create(
            programme=member.programme,
            kind=kind,
            name=name,
            invitation=sealing.keyed(INVITATION, code),
            firm=firm,
            made_at=now,
        )
        CircleMember.objects.create(circle=circle, member=member, owner=True, nickname=nickname, joined_at=now)
        audit(member, "circle.make", {"kind": kind}, now=now)
    return circle, code


def make_of_firm(firm: Member, *, name: str, now: datetime) -> tuple[Circle, str]:
    """A team of a firm's employees: it has no owner among them; they join with the code and see what the firm will see."""
    demand_active(firm)
    name, code = _clean(name), new_code(CODE_LENGTH)
    with records.serial():
        circle = Circle.objects.create(
            programme=firm.programme, kind=Circle.Kind.TEAM, name=name, invitation=sealing.keyed(INVITATION, code),
            firm=firm, made_at=now,
        )  # fmt: skip
        audit(firm, "circle.make", {"kind": "team"}, now=now)
    return circle, code


def _demand_room_for(member: Member, kind: str) -> None:
    mine = CircleMember.objects.filter(member=member, circle__kind=kind).count()
    if mine >= words.rule(kind, "most_circles"):
        raise words.refused("circle_taken")


def by_invitation(member: Member, code: str) -> Circle:
    """The circle that a code opens. Raises `Refused`: invitation_unknown, and invitation_tries after many wrong ones."""
    name = f"inclusion:invitation:{member.pk}"
    tries = cache.get(name, 0)
    if tries >= words.rule("invitation", "tries"):
        raise words.refused("invitation_tries")
    hashes = sealing.keyed_all(INVITATION, plain_code(code[:40]))
    found = Circle.objects.filter(invitation__in=hashes, programme=member.programme_id).select_related("firm").first()
    if found is None:
        cache.set(name, tries + 1, 3600)
        raise words.refused("invitation_unknown")
    return found


def join(member: Member, code: str, *, nickname: str, now: datetime) -> CircleMember:
    """Join by an invitation; joined already, the place that there is. Raises `Refused`."""
    demand_active(member)
    nickname, circle = _clean(nickname), by_invitation(member, code)
    there = CircleMember.objects.filter(circle=circle, member=member).first()
    if there is not None:
        return there
    try:
        with records.serial():
            _demand_room_for(member, circle.kind)
            if circle.places.count() >= words.rule(circle.kind, "most"):
                raise words.refused("circle_full")
            place = CircleMember.objects.create(circle=circle, member=member, nickname=nickname, joined_at=now)
            audit(member, "circle.join", {"kind": circle.kind}, now=now)
    except IntegrityError:
        return CircleMember.objects.get(circle=circle, member=member)
    return place


def invite_anew(circle: Circle, by: Member, *, now: datetime) -> str:
    """A new code, which voids the old; the owner's, or the firm's whose team it is."""
    demand_owner(circle, by)
    code = new_code(CODE_LENGTH)
    with records.serial():
        Circle.objects.filter(pk=circle.pk).update(invitation=sealing.keyed(INVITATION, code))
        audit(by, "circle.invite", {"kind": circle.kind}, now=now)
    return code


def remove(place: CircleMember, by: Member, *, now: datetime) -> None:
    """The owner sends somebody out."""
    demand_owner(place.circle, by)
    leave(place, now=now)


def demand_owner(circle: Circle, by: Member) -> None:
    """Raises `Refused` for who neither made the circle nor is the firm whose team it is."""
    if circle.firm_id != by.pk and not circle.places.filter(member=by, owner=True).exists():
        raise words.refused("not_owner")


@transaction.atomic
def leave(place: CircleMember, *, now: datetime) -> None:
    """Leave; an owner is followed by who has been there longest, and an empty circle of persons ends."""
    with records.serial():
        circle, owner = place.circle, place.owner
        audit(place.member, "circle.leave", {"kind": circle.kind}, now=now)
        place.delete()
        rest = circle.places.order_by("joined_at", "pk")
        if owner and (heir := rest.first()):
            CircleMember.objects.filter(pk=heir.pk).update(owner=True)
        if circle.firm_id is None and not rest.exists():
            circle.delete()


def standing(circle: Circle) -> list[dict[str, Any]]:
    """Nickname, grams since joining and number of actions of each, most first: for those who are inside."""
    places = list(circle.places.order_by("joined_at", "pk"))
    rows = Event.objects.filter(
        state=Event.State.POSTED, member__places__circle=circle, happened_at__gte=F("member__places__joined_at")
    ).values("member")  # fmt: skip
    found = {row["member"]: row for row in rows.annotate(sum_grams=Sum("grams"), actions=Count("pk"))}
    nothing = {"sum_grams": 0, "actions": 0}
    told = [
        {
            "place": place,
            "grams": found.get(place.member_id, nothing)["sum_grams"],
            "actions": found.get(place.member_id, nothing)["actions"],
        }
        for place in places
    ]
    return sorted(told, key=lambda each: -each["grams"])
