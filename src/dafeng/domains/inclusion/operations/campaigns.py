"""Campaigns: a page with scenes and dates, and perhaps a gift of points to whoever took part often enough.

There are no multipliers: points are grams at a rate. A gift is a transfer from the sponsor's or the pool's account, the same for
each, in the order in which members qualified, up to the budget. The budget is held in the ledger when the campaign is published,
so what was promised is there; what is left is free again when it is settled or stopped.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.inclusion import bookkeeping
from dafeng.domains.inclusion.errors import InclusionError
from dafeng.domains.inclusion.models import Campaign, CampaignGift, Event, Member, Programme, Scene
from dafeng.domains.inclusion.operations.words import clerk, people_of_member, refused, tell
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.ledger import verbs
from dafeng.kernel.records import services as records

KIND = "inclusion.campaign"


@dataclass(frozen=True)
class Settled:
    members: int
    points: int
    left_out: int


def hold_name(campaign: Campaign) -> str:
    return f"inclusion:campaign:{campaign.pk}"


@transaction.atomic
def draft(
    programme: Programme, *, scenes: Iterable[Scene], by: Any, now: datetime, demo: bool = False, **words: Any
) -> Campaign:
    """A draft. `words`: code, title, title_en, text, starts_on, ends_on, events_needed, each, budget, sponsor, challenge."""
    _check(words)
    if Campaign.objects.filter(code=words["code"]).exists():
        raise refused("campaign_code_taken")
    record = records.open_record(
        KIND, title=words["title"], payload={}, by=by, now=now, place=programme.code, key=words["code"]
    )
    made = Campaign.objects.create(programme=programme, record=record, demo=demo, **words)
    made.scenes.set(scenes)
    return made


def _check(words: dict[str, Any]) -> None:
    if words["ends_on"] < words["starts_on"]:
        raise refused("campaign_period")
    if bool(words.get("each")) != bool(words.get("budget")) or words.get("each", 0) > words.get("budget", 0):
        raise refused("campaign_budget")


def publish(campaign: Campaign, *, by: Any, now: datetime) -> None:
    """By another person than the one who wrote it. Raises `Refused` (campaign_unfunded) where the account has not the budget."""
    with ledger.durable(), records.serial():
        records.move(campaign.record, "publish", by=by, now=now)
        if campaign.budget:
            reply = bookkeeping.post(
                [
                    verbs.hold(
                        key=hold_name(campaign), actor=clerk(by), asset=bookkeeping.POINTS, account=campaign.account,
                        amount=campaign.budget, kind="order", hold=hold_name(campaign),
                    )
                ],
                now=now,
            )[0]  # fmt: skip
            if not reply.ok:
                raise refused(
                    "campaign_unfunded", what=_("发起方账户的积分不够预算：%(why)s") % {"why": reply.text("zh")}
                )


def stop(campaign: Campaign, *, reason: str, by: Any, now: datetime) -> None:
    with ledger.durable(), records.serial():
        was = campaign.record.state
        records.move(campaign.record, "stop", by=by, now=now, reason=reason)
        if was == "running" and campaign.budget:
            free = verbs.release(key=f"{hold_name(campaign)}:stop", actor=clerk(by), hold=hold_name(campaign))
            bookkeeping.post_all([free], now=now)


def qualified(campaign: Campaign) -> QuerySet[Member]:
    """Persons with enough paid events of the campaign's scenes and days, who reached it first coming first."""
    start = timezone.make_aware(datetime.combine(campaign.starts_on, time.min))
    end = timezone.make_aware(datetime.combine(campaign.ends_on + timedelta(days=1), time.min))
    counts = Q(
        events__scene__in=campaign.scenes.all(), events__state=Event.State.POSTED, events__happened_at__gte=start,
        events__happened_at__lt=end,
    )  # fmt: skip
    found = Member.objects.filter(programme=campaign.programme_id, kind=Member.Kind.PERSON, closed_at=None)
    found = found.annotate(times=Count("events", filter=counts), latest=Max("events__received_at", filter=counts))
    return found.filter(times__gte=campaign.events_needed).exclude(suspended_at__isnull=False).order_by("latest", "pk")


def settle(campaign: Campaign, *, by: Any, now: datetime) -> Settled:
    """Give the gifts after the last day: all in one durable transaction. Raises `Refused` (campaign_running)."""
    if timezone.localdate(now) <= campaign.ends_on:
        raise refused("campaign_running")
    with ledger.durable(), records.serial():
        records.move(campaign.record, "settle", by=by, now=now)
        winners = list(qualified(campaign).select_related("user")) if campaign.each else []
        paid = winners[: campaign.budget // campaign.each] if campaign.each else []
        name = hold_name(campaign)
        commands = [verbs.release(key=f"{name}:settle", actor=clerk(by), hold=name)] if campaign.budget else []
        commands += [
            verbs.transfer(
                key=f"{name}:{member.pk}", actor=clerk(by), asset=bookkeeping.POINTS, source=campaign.account,
                to=member.account, amount=campaign.each, code="reward",
            )
            for member in paid
            if member.account != campaign.account
        ]  # fmt: skip
        for at in range(0, len(commands), 5_000):
            _post(commands[at : at + 5_000], now=now)
        CampaignGift.objects.bulk_create(
            CampaignGift(campaign=campaign, member=member, points=campaign.each, at=now) for member in paid
        )
        href = reverse("inclusion:campaign", kwargs={"code": campaign.code})
        people = [person for member in paid for person in people_of_member(member)]
        tell(
            people,
            _("活动赠送 %(points)s 积分已到账") % {"points": campaign.each},
            href=href,
            now=now,
            text=campaign.title,
        )
    return Settled(len(paid), len(paid) * campaign.each, len(winners) - len(paid))


def _post(commands: list[verbs.Command], *, now: datetime) -> None:
    try:
        bookkeeping.post_all(commands, now=now)
    except InclusionError as error:
        raise refused("campaign_unfunded", what=error.what) from error
