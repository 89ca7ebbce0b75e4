"""Donations: points go to a cause's account and are retired there at once, for good; the giver gets a numbered certificate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError
from django.db.models import Count, Sum
from django.utils import timezone

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.bookkeeping import POINTS
from dafeng.domains.inclusion.market.refusals import done, refusal, told
from dafeng.domains.inclusion.members.accounts import demand_active
from dafeng.domains.inclusion.models import Cause, CauseNews, Donation, Member, Programme
from dafeng.kernel.actions import demand
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.ledger import verbs
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence


def open_cause(programme: Programme, values: Mapping[str, Any], *, by: Any, now: datetime, demo: bool = False) -> Cause:
    """A new cause. `values`: code, title, title_en, text, keeper, unit, unit_points, goal, opens_on."""
    if by is not None:
        demand(by, permissions.KEEP_MARKET)
    with ledger.durable():
        cause = Cause.objects.create(programme=programme, demo=demo, **values)
        records.audit(by, "inclusion.cause.open", "inclusion-cause", cause.code, {"goal": cause.goal}, now=now)
    return cause


def close_cause(cause: Cause, *, by: Any, now: datetime) -> None:
    demand(by, permissions.KEEP_MARKET)
    with ledger.durable():
        if Cause.objects.filter(pk=cause.pk, closed_at=None).update(closed_at=now):
            records.audit(by, "inclusion.cause.close", "inclusion-cause", cause.code, {}, now=now)


def tell(cause: Cause, *, text: str, units: int, by: Any, now: datetime, evidence: Evidence | None = None) -> CauseNews:
    """What was done with the gifts, for everybody to read."""
    demand(by, permissions.KEEP_MARKET)
    with ledger.durable():
        news = CauseNews.objects.create(cause=cause, at=now, text=text, units=units, evidence=evidence)
        records.audit(by, "inclusion.cause.news", "inclusion-cause", cause.code, {"units": units}, now=now)
    return news


def give(member: Member, cause: Cause, points: int, *, key: str, now: datetime, name: str = "") -> Donation:
    """Give points. `key` is the form's: sent again it is the same gift. Raises `Refused`."""
    with told(member.holder, "give", now=now):
        if again := _again(member, cause, points, key):
            return again
        try:
            with ledger.durable():
                return _give(member, cause, points, key=key, now=now, name=name)
        except IntegrityError:
            if again := _again(member, cause, points, key):
                return again
            raise


def _again(member: Member, cause: Cause, points: int, key: str) -> Donation | None:
    found = Donation.objects.filter(member=member, key=key).first()
    if found and (found.cause_id, found.points) != (cause.pk, points):
        raise refusal("key_reused")
    return found


def _give(member: Member, cause: Cause, points: int, *, key: str, now: datetime, name: str) -> Donation:
    if points < 1:
        raise refusal("points_bad")
    demand_active(Member.objects.get(pk=member.pk))
    cause.refresh_from_db()
    if cause.closed_at or timezone.localdate(now) < cause.opens_on:
        raise refusal("cause_closed")
    made = Donation(cause=cause, member=member, key=key, points=points, name=name[:20], at=now)
    made.number = f"G{timezone.localdate(now):%Y%m%d}-{made.pk.hex[:10].upper()}"
    made.save(force_insert=True)
    actor, ledger_key = member.holder, f"inclusion:donation:{made.pk}"
    steps = [
        verbs.transfer(key="-", actor=actor, asset=POINTS, source=member.account, to=cause.account, amount=points, code="donate"),
        verbs.retire(key="-", actor=actor, asset=POINTS, source=cause.account, amount=points, purpose="donate",
                     beneficiary=cause.account.rpartition("/")[0], period=f"{timezone.localdate(now):%Y-%m}", certificate=made.number),
    ]  # fmt: skip
    done([verbs.linked(steps, key=ledger_key, actor=actor)], now=now)
    return made


def progress(cause: Cause) -> dict[str, int]:
    """Points given, gifts, and units done, of a cause."""
    return progress_of([cause])[cause.pk]


def progress_of(causes: Iterable[Cause]) -> dict[int, dict[str, int]]:
    """The same of many, in two questions."""
    listed = list(causes)
    given = {row["cause"]: row for row in Donation.objects.filter(cause__in=listed).values("cause").annotate(points=Sum("points"), gifts=Count("pk"))}  # fmt: skip
    done = dict(CauseNews.objects.filter(cause__in=listed).values_list("cause").annotate(n=Sum("units")))
    found = {}
    for cause in listed:
        row = given.get(cause.pk, {"points": 0, "gifts": 0})
        found[cause.pk] = {
            "points": row["points"],
            "gifts": row["gifts"],
            "units": done.get(cause.pk, 0),
            "earned_units": row["points"] // cause.unit_points if cause.unit_points else 0,
            "percent": min(100, row["points"] * 100 // cause.goal) if cause.goal else 0,
        }
    return found
