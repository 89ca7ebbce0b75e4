"""What the room forgets and tells of a member. Awards and money stay, without a name; where the money went is deleted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from dafeng.domains.inclusion.errors import Refused
from dafeng.domains.inclusion.models import Award, AwardPayee, Member, RewardChoice
from dafeng.domains.inclusion.rewards import awards

OPEN = ("approved", "published", "objected", "payable", "recovering")


def demand_closable(member: Member) -> None:
    """Raises `Refused` (`money_open`) while money is under way to the member."""
    for award in Award.objects.filter(member=member).select_related("record", "payment__record"):
        state = award.record.state
        if state in OPEN or (state == "paid" and award.payment and award.payment.record.state != "settled"):
            raise Refused("money_open", _("还有奖励资金没有办结"), mend=_("请等办结后再注销"))


def forget(member: Member, *, now: datetime) -> None:
    """Applications that nobody has decided are withdrawn."""
    demand_closable(member)
    for award in Award.objects.filter(member=member).select_related("record", "rule"):
        state = award.record.state
        if state in ("submitted", "returned"):
            awards.move(award, "withdraw", by=None, now=now, system=True)
        elif state == "checked":
            awards.move(award, "reject", by=None, now=now, reason=_("申请人已注销碳账户"), system=True)
    AwardPayee.objects.filter(award__member=member).delete()
    RewardChoice.objects.filter(member=member).delete()
    if member.kind == Member.Kind.PERSON:
        Award.objects.filter(member=member).update(public_name=awards.masked(""), data={}, checked={})


def about(member: Member) -> dict[str, list[dict[str, Any]]]:
    """This room's tables of a member's own export."""
    found = Award.objects.filter(member=member).select_related("rule", "record", "payee").order_by("record__created_at")
    return {
        "awards": [
            {
                "rule": each.rule.title, "subject": each.subject, "applied_at": each.record.created_at, "data": each.data,
                "fen": each.fen, "state": each.record.state_title, "public_name": each.public_name,
                "payee": awards.payee_of(each),
            }
            for each in found
        ],
        "reward_choices": list(
            RewardChoice.objects.filter(member=member).order_by("pk").values("group", "since", "until")
        ),
    }  # fmt: skip
