"""A bulletin for the demonstration: last month's, of what the demonstration's plan shows."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from dafeng.domains.plan.documents import fonts
from dafeng.domains.plan.models import Bulletin, Plan
from dafeng.domains.plan.services import bulletins, supervision
from dafeng.domains.plan.services.bulletin_facts import MONTH
from dafeng.kernel.errors import PlanError


def demo_bulletins(plan: Plan, now: datetime) -> None:
    """Nothing where a bulletin exists, or where this machine has no Chinese font to set one in."""
    if Bulletin.objects.filter(city=plan.city).exists():
        return
    try:
        fonts.chosen()
    except PlanError:
        return
    period = str(supervision.month(timezone.localdate(now), back=1))
    bulletins.make(plan.city, MONTH, period, issuer="双碳工作领导小组办公室（演示）", by=None, now=now)
