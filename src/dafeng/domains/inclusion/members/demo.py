"""The demonstration's members: made up, marked 演示. The login `citizen` has an account; some sixty more have a pseudonym only.

Nobody here exists. Points come from events that the other rooms' demonstration makes; this one makes none.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth import get_user_model
from django.utils import timezone

from dafeng.domains.inclusion.members import accounts, consents
from dafeng.domains.inclusion.models import (
    Binding,
    Challenge,
    ChallengeEntry,
    Circle,
    CircleMember,
    Consent,
    Identity,
    Member,
    Partner,
    Programme,
)
from dafeng.kernel import sealing

MEMBERS, FIRM = 60, "enterprise-demo"
TEAMS = (("豫南骑行队（演示）", 0, 9), ("茶乡步行队（演示）", 9, 16))
NICKNAMES = ("茶芽", "鸡公山", "南湾鱼", "毛尖", "浉河水", "白露", "稻香", "桂花", "翠竹", "清泉")


def ensure_demo(programme: Programme, *, now: datetime) -> None:
    """Calling it again adds only what is missing (partners that were signed since)."""
    since = now - timedelta(days=120)
    members = _members(programme, since)
    citizen = _citizen(programme, since)
    _firm(programme, since)
    everybody = [*([citizen] if citizen else []), *members]
    _consents(everybody, since)
    _bindings(programme, everybody, since)
    if citizen and not Circle.objects.filter(programme=programme, demo=True).exists():
        _circles(programme, citizen, members, since)
    _challenge(programme, now)


def _pseudonym(number: int) -> str:
    """The same at every call, and of no use to anybody without the installation's secret."""
    return sealing.keyed("dafeng.inclusion.demo", str(number))[:32]


def _members(programme: Programme, since: datetime) -> list[Member]:
    counties = sorted(programme.counties)
    wanted = {_pseudonym(number): counties[number % len(counties)] for number in range(MEMBERS)} if counties else {}
    there = set(Member.objects.filter(pseudonym__in=wanted).values_list("pseudonym", flat=True))
    Member.objects.bulk_create(
        Member(programme=programme, kind="person", pseudonym=name, county=county, joined_at=since, demo=True)
        for name, county in wanted.items()
        if name not in there
    )
    found = {each.pseudonym: each for each in Member.objects.filter(pseudonym__in=wanted)}
    return [found[name] for name in wanted]


def _citizen(programme: Programme, since: datetime) -> Member | None:
    """The account of the demo login, with an identity that nobody has (the number is not in use: it is too regular to be given)."""
    user = get_user_model().objects.filter(username="citizen", demo=True).first()
    if user is None:
        return None
    if Member.objects.filter(programme=programme, user=user).exists():
        return accounts.member_of(user)
    member = Member.objects.create(
        programme=programme, kind="person", user=user, county=min(programme.counties), joined_at=since, demo=True
    )
    phone = "13900000000"
    details = {"name": "示例市民", "phone": phone, "birth_year": 1990}
    Identity.objects.create(
        member=member, sealed=sealing.seal(accounts.IDENTITY, details), phone_key=sealing.keyed(accounts.PHONE, phone),
        at=since,
    )  # fmt: skip
    return member


def _firm(programme: Programme, since: datetime) -> Member:
    firm, made = Member.objects.get_or_create(
        programme=programme, kind="firm", organisation=FIRM, closed_at=None,
        defaults={"county": min(programme.counties, default=""), "joined_at": since, "demo": True},
    )  # fmt: skip
    if made:
        version = consents.text_of(consents.FIRM).version
        Consent.objects.create(member=firm, purpose=consents.FIRM, text_version=version, given_at=since)
    return firm


def _consents(members: list[Member], since: datetime) -> None:
    version = consents.text_of(consents.JOIN).version
    have = set(Consent.objects.filter(member__in=members, purpose=consents.JOIN).values_list("member", flat=True))
    Consent.objects.bulk_create(
        Consent(member=member, purpose=consents.JOIN, text_version=version, given_at=since)
        for member in members
        if member.pk not in have
    )


def _bindings(programme: Programme, members: list[Member], since: datetime) -> None:
    """Everybody is bound to every demo partner with scenes; whoever has unbound stays unbound."""
    version = consents.text_of("scene:").version
    for partner in Partner.objects.filter(
        programme=programme, demo=True, kind=Partner.Kind.SCENE, state=Partner.State.ACTIVE
    ):
        have = set(Binding.objects.filter(partner=partner).values_list("member", flat=True))
        new = [member for member in members if member.pk not in have]
        purpose = consents.scene_purpose(partner)
        Consent.objects.bulk_create(
            Consent(member=member, purpose=purpose, text_version=version, given_at=since) for member in new
        )
        Binding.objects.bulk_create(
            Binding(member=member, partner=partner, token=accounts.new_code(accounts.TOKEN_LENGTH), since=since)
            for member in new
        )


def _circles(programme: Programme, citizen: Member, members: list[Member], since: datetime) -> None:
    _circle(programme, "family", "示例一家（演示）", [citizen, *members[20:22]], since)
    for name, first, last in TEAMS:
        mine = [citizen] if first == 0 else []
        _circle(programme, "team", name, [*mine, *members[first:last]], since)
    firm = Member.objects.filter(programme=programme, kind="firm", organisation=FIRM, demo=True).first()
    _circle(programme, "team", "示例企业员工队（演示）", members[30:42], since, firm=firm)


def _circle(
    programme: Programme, kind: str, name: str, members: list[Member], since: datetime, *, firm: Member | None = None
) -> None:
    code = sealing.keyed("dafeng.inclusion.invitation", accounts.new_code(10))
    circle = Circle.objects.create(
        programme=programme, kind=kind, name=name, invitation=code, firm=firm, made_at=since, demo=True
    )
    CircleMember.objects.bulk_create(
        CircleMember(
            circle=circle, member=member, owner=at == 0 and firm is None, joined_at=since,
            nickname=f"{NICKNAMES[at % 10]}{at // 10 or ''}",
        )
        for at, member in enumerate(members)
    )  # fmt: skip


def _challenge(programme: Programme, now: datetime) -> None:
    """One that is running; when it is over, the next."""
    today = timezone.localdate(now)
    if Challenge.objects.filter(programme=programme, demo=True, ends_on__gte=today).exists():
        return
    found = Challenge.objects.create(
        programme=programme, title="绿色出行挑战赛（演示）", title_en="Green travel challenge (demo)", groups=["travel"],
        starts_on=today - timedelta(days=20), ends_on=today + timedelta(days=40), target_grams=500_000, demo=True,
    )  # fmt: skip
    teams = Circle.objects.filter(programme=programme, kind="team", demo=True)
    ChallengeEntry.objects.bulk_create(ChallengeEntry(challenge=found, circle=team, at=now) for team in teams)
