"""Challenges: teams compare the grams that their members spared, in the groups of behaviour that count, while it lasts.

A person counts from the day they joined the team. Ties share a rank (1, 2, 2, 4). A team of few persons is not shown to others:
its total would tell about one of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.members import words
from dafeng.domains.inclusion.members.accounts import audit
from dafeng.domains.inclusion.members.circles import demand_owner
from dafeng.domains.inclusion.members.summaries import bounds
from dafeng.domains.inclusion.models import Challenge, ChallengeEntry, Circle, CircleMember, Event, Member, Programme
from dafeng.kernel.actions import demand
from dafeng.kernel.records import services as records


@dataclass(frozen=True)
class Rank:
    """A team in the ranking. `shown`: whether others may see it; only then it has a rank among them."""

    rank: int
    circle: Circle
    persons: int
    grams: int
    shown: bool


def running(programme: Programme, today: date) -> QuerySet[Challenge]:
    """Those that are on or still to come, the earliest end first."""
    return Challenge.objects.filter(programme=programme, ends_on__gte=today).order_by("ends_on", "pk")


def over(programme: Programme, today: date) -> QuerySet[Challenge]:
    return Challenge.objects.filter(programme=programme, ends_on__lt=today).order_by("-ends_on", "pk")


def begin(
    programme: Programme,
    *,
    title: str,
    title_en: str,
    groups: list[str],
    starts_on: date,
    ends_on: date,
    target_grams: int,
    by: Any,
    now: datetime,
) -> Challenge:
    """The operator's new challenge. Raises `Refused` `challenge_days` for an end before the start or longer than a year."""
    demand(by, permissions.KEEP_CHALLENGES)
    if not 0 <= (ends_on - starts_on).days <= 366:
        raise words.refused("challenge_days")
    with records.serial():
        made = Challenge.objects.create(
            programme=programme, title=title, title_en=title_en, groups=groups, starts_on=starts_on, ends_on=ends_on,
            target_grams=target_grams,
        )  # fmt: skip
        detail = {"title": title, "from": str(starts_on), "to": str(ends_on)}
        records.audit(by, "inclusion.challenge.begin", "inclusion.challenge", str(made.pk), detail, now=now)
    return made


def enter(challenge: Challenge, circle: Circle, by: Member, *, today: date, now: datetime) -> ChallengeEntry:
    """A team's owner, or the firm whose team it is, enters it. Raises `Refused`: not_owner, not_a_team, challenge_over."""
    demand_owner(circle, by)
    if circle.kind != Circle.Kind.TEAM or circle.programme_id != challenge.programme_id:
        raise words.refused("not_a_team")
    if challenge.ends_on < today:
        raise words.refused("challenge_over")
    with records.serial():
        entry, made = ChallengeEntry.objects.get_or_create(challenge=challenge, circle=circle, defaults={"at": now})
        if made:
            audit(by, "challenge.enter", {"challenge": challenge.pk}, now=now)
    return entry


def ranking(challenge: Challenge) -> list[Rank]:
    """All teams, those shown to others ranked by grams, the others (rank 0) after them; equal grams by name."""
    start, end = bounds(challenge.starts_on, challenge.ends_on)
    counts = Q(
        member__events__state=Event.State.POSTED,
        member__events__happened_at__gte=start,
        member__events__happened_at__lt=end,
        member__events__happened_at__gt=F("joined_at"),
    )
    if challenge.groups:
        counts &= Q(member__events__scene__methodology__group__in=challenge.groups)
    inside = CircleMember.objects.filter(circle__entries__challenge=challenge)
    persons = dict(inside.values("circle").annotate(n=Count("pk")).values_list("circle", "n"))
    grams = dict(
        inside.filter(counts).values("circle").annotate(sum_grams=Sum("member__events__grams")).values_list("circle", "sum_grams")
    )  # fmt: skip
    from_persons = words.rule("team", "shown_from")
    rows = sorted(
        (
            Rank(0, circle, persons.get(circle.pk, 0), grams.get(circle.pk) or 0, persons.get(circle.pk, 0) >= from_persons)
            for circle in Circle.objects.filter(entries__challenge=challenge)
        ),
        key=lambda row: (not row.shown, -row.grams, row.circle.name, row.circle.pk),
    )  # fmt: skip
    better: dict[int, int] = {}
    for at, row in enumerate(rows, 1):
        if row.shown:
            better.setdefault(row.grams, at)
    return [
        Rank(better[row.grams] if row.shown else 0, row.circle, row.persons, row.grams, row.shown) for row in rows
    ]  # fmt: skip


def seen_by(ranks: list[Rank], circles: set[int]) -> list[Rank]:
    """What a person may see: the teams shown to all, and their own."""
    return [row for row in ranks if row.shown or row.circle.pk in circles]
