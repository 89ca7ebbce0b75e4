"""Sudden redemption at one merchant: far more coupons used in an hour than is usual there. A finding for the risk desk."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.market import rules
from dafeng.domains.inclusion.models import MerchantFinding, Order, Partner
from dafeng.kernel.actions import demand
from dafeng.kernel.desk import services as desk
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.records import services as records

KIND, RULE = "inclusion.merchant-finding", "sudden"


def watch(partner: Partner, *, now: datetime) -> MerchantFinding | None:
    """Look at a merchant's last hour; a finding where it is beyond the rule, once a clock hour."""
    since = now - timedelta(hours=1)
    used = Order.objects.filter(partner=partner, used_at__gt=since, used_at__lte=now)
    seen = used.count()
    if seen < rules.rule("sudden", "least"):
        return None
    days = rules.rule("sudden", "days")
    before = Order.objects.filter(partner=partner, used_at__gt=since - timedelta(days=days), used_at__lte=since).count()
    usual = before * 100 // (days * 24)  # hundredths of an order an hour
    if seen * 100 < usual * rules.rule("sudden", "times"):
        return None
    return _raise(partner, seen, usual, now=now)


def _raise(partner: Partner, seen: int, usual: int, *, now: datetime) -> MerchantFinding | None:
    hour = timezone.localtime(now).replace(minute=0, second=0, microsecond=0)
    with ledger.durable(), records.serial():
        if MerchantFinding.objects.filter(partner=partner, rule=RULE, hour=hour).exists():
            return None
        title = _("%(name)s 核销异常：一小时 %(seen)s 张券") % {"name": partner.name, "seen": seen}
        payload = {"rule": RULE, "hour": hour.isoformat(), "seen": seen, "usual_hundredths": usual}
        record = records.open_record(KIND, title=title, payload=payload, by=None, now=now, key=partner.code)
        made = MerchantFinding.objects.create(partner=partner, record=record, rule=RULE, hour=hour, seen=seen, usual=usual)  # fmt: skip
        people = records.people_of(roles=["operator"], places=[partner.programme_id])
        desk.notify(people, kind="inclusion", title=title, href=reverse("inclusion:market-desk"), now=now)
    return made


def decide(found: MerchantFinding, action: str, *, by: Any, now: datetime, reason: str) -> None:
    """`clear` or `confirm`, with a reason. What follows (suspension, reversal) is the operations room's."""
    demand(by, permissions.KEEP_MARKET)
    records.move(found.record, action, by=by, now=now, reason=reason)
